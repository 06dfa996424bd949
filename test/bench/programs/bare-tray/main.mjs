// The least an app in the tray can be: what Electron itself takes.
import { writeFileSync } from 'node:fs';
import { app, Tray } from 'electron';

// Not awaited at the top: Electron is ready only after this file was run to its end.
app.once('ready', () => {
  const tray = new Tray(process.env.BENCH_ICON);
  tray.setToolTip('bare');
  writeFileSync(process.env.BENCH_MARK, 'ready');
});
