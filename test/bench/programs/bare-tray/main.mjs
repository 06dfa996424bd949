// The least an app in the tray can be: what Electron itself takes.
import { writeFileSync } from 'node:fs';
import { app, Tray } from 'electron';

await app.whenReady();
const tray = new Tray(process.env.BENCH_ICON);
tray.setToolTip('bare');
writeFileSync(process.env.BENCH_MARK, 'ready');
