import { readFileSync, writeFileSync } from 'node:fs';

/*
 * The fuses of the packed app. By hand, because the ninth is known neither to electron-builder nor to @electron/fuses
 * 1.8, and a fuse nobody decided about must fail the build. https://github.com/electron/fuses
 */

/** All there are, in the order of the wire. */
export const fuses = {
  runAsNode: false,
  cookieEncryption: true,
  nodeOptions: false,
  nodeCliInspect: false,
  embeddedAsarIntegrity: true,
  onlyLoadAppFromAsar: true,
  /** There is no snapshot of ours. */
  browserV8Snapshot: false,
  fileProtocolExtra: false,
  wasmTrapHandlers: true,
} as const satisfies Record<string, boolean>;

/** Behind this mark: the version of the wire, how many fuses there are, and a digit for each. */
const mark = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const version = 1;

/** The digits of the wire, once for each processor the file is for; throws when it holds none. */
export function readFuses(file: string): string[] {
  const program = readFileSync(file);
  return findWires(program, file).map((at) => program.toString('latin1', at, at + (program[at - 1] ?? 0)));
}

/** Sets every fuse; throws when this Electron has more or fewer than we know. */
export function setFuses(file: string): void {
  const program = readFileSync(file);
  const wire = Object.values(fuses)
    .map((isOn) => (isOn ? '1' : '0'))
    .join('');
  for (const at of findWires(program, file)) {
    if (program[at - 1] !== wire.length)
      throw new Error(
        `${file} has ${program[at - 1]} fuses and scripts/fuses.ts knows ${wire.length}; decide about them there`,
      );
    program.write(wire, at, 'latin1');
  }
  writeFileSync(file, program);
}

function findWires(program: Buffer, file: string): number[] {
  const found: number[] = [];
  for (let at = program.indexOf(mark); at >= 0; at = program.indexOf(mark, at + 1)) {
    if (program[at + mark.length] !== version)
      throw new Error(`${file} has fuses of another kind than ${version}`);
    found.push(at + mark.length + 2);
  }
  if (found.length === 0) throw new Error(`${file} has no fuses`);
  return found;
}
