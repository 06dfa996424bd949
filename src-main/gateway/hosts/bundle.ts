import { join } from 'node:path';
import { zipSync, strToU8 } from 'fflate';
import { ensurePrivateFolder, writePrivateFile } from '../storage/files.ts';
import { ourName } from './host-table.ts';

const fileName = 'nucleus.mcpb';

/** Writes a bundle for Claude Desktop's own installer into the folder; answers its path. */
export function writeBundle(options: {
  readonly shim: string;
  readonly folder: string;
  readonly platform: NodeJS.Platform;
  readonly version?: string;
}): string {
  ensurePrivateFolder(options.folder);
  const path = join(options.folder, fileName);
  writePrivateFile(path, makeBundle(options));
  return path;
}

/**
 * A bundle whose server is our command on this computer: it holds no program of its own, so it is right here only.
 * https://github.com/modelcontextprotocol/mcpb/blob/main/MANIFEST.md
 */
export function makeBundle(options: {
  readonly shim: string;
  readonly platform: NodeJS.Platform;
  readonly version?: string;
}): Buffer {
  const entryPoint = 'server/README.txt';
  const manifest = {
    manifest_version: '0.3',
    name: ourName,
    display_name: 'Nucleus',
    version: options.version ?? '0.0.0',
    description: 'All your accounts of all your services at once, through the Nucleus of this computer.',
    author: { name: 'Nucleus' },
    server: {
      type: 'binary',
      entry_point: entryPoint,
      mcp_config: { command: options.shim, args: ['serve', '--client', 'claude-desktop'], env: {} },
    },
    tools_generated: true,
    prompts_generated: true,
    compatibility: { platforms: [options.platform] },
  };
  const note = `This extension starts ${options.shim}, which belongs to the Nucleus installed on this computer.\n`;
  const zip = zipSync(
    { 'manifest.json': strToU8(`${JSON.stringify(manifest, null, 2)}\n`), [entryPoint]: strToU8(note) },
    // The same bytes for the same content; a zip knows no time before 1980.
    { mtime: new Date(1980, 0, 1) },
  );
  return Buffer.from(zip);
}
