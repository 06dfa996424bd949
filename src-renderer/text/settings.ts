export const settings = {
  general: 'General',
  autostart: 'Start at login',
  autostartHint: 'Clients start the gateway by themselves too; this keeps the tray in sight.',
  quit: 'Quit Nucleus',
  quitting: 'Quitting…',
} as const;
