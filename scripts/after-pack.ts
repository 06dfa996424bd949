import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setFuses } from './fuses.ts';

/** What electron-builder says of the folder it just filled. */
interface Packed {
  readonly appOutDir: string;
  readonly electronPlatformName: string;
  readonly packager: {
    readonly executableName?: string;
    readonly appInfo: { readonly productFilename: string };
  };
}

/** Called by electron-builder before it signs and archives. */
export function afterPack({ appOutDir, electronPlatformName, packager }: Packed): void {
  const { productFilename } = packager.appInfo;
  const framework = 'Contents/Frameworks/Electron Framework.framework/Electron Framework';
  const files: Readonly<Record<string, string>> = {
    darwin: join(`${productFilename}.app`, framework),
    win32: `${productFilename}.exe`,
    linux: packager.executableName ?? productFilename,
  };
  const file = files[electronPlatformName];
  if (file === undefined) throw new Error(`there is no package for ${electronPlatformName}`);
  setFuses(join(appOutDir, file));
  // Electron's own page for when there is no app; ours is always there.
  rmSync(join(dirname(join(appOutDir, file)), 'resources', 'default_app.asar'), { force: true });
}
