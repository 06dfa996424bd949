import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import type { Home } from './home.ts';

/** One line of what a fake wrote down. */
export interface FakeEvent {
  readonly event: 'started' | 'received' | 'signal' | 'eof' | 'grandchild';
  readonly name: string;
  readonly pid: number;
  readonly message?: {
    readonly method?: string;
    readonly id?: string | number;
    readonly params?: Record<string, unknown>;
  };
  readonly cwd?: string;
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly child?: number;
  readonly signal?: string;
}

/** A scripted upstream (test/fixtures/fake-upstream.ts) that writes down what it sees. */
export interface Fake {
  readonly name: string;
  readonly launch: { command: string; args: string[] };
  /** The same as flags of `nucleus add`. */
  readonly flags: readonly string[];
  readonly recordFile: string;
  events(): FakeEvent[];
  starts(): FakeEvent[];
  received(method: string): FakeEvent[];
}

/** A fake of this home; `args` are options of test/fixtures/fake-upstream.ts. */
export function createFake(home: Home, name: string, ...args: readonly string[]): Fake {
  const recordFile = home.path('records', `${name}.jsonl`);
  mkdirSync(home.path('records'), { recursive: true });
  const all = [script(home), '--name', name, '--record', recordFile, ...args];
  const events = () => (existsSync(recordFile) ? parseLines(readFileSync(recordFile, 'utf8')) : []);
  return {
    name,
    launch: { command: process.execPath, args: all },
    flags: ['--command', process.execPath, ...all.map((arg) => `--arg=${arg}`)],
    recordFile,
    events,
    starts: () => events().filter(({ event }) => event === 'started'),
    received: (method) => events().filter(({ message }) => message?.method === method),
  };
}

function parseLines(text: string): FakeEvent[] {
  // The last line may be half written.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as FakeEvent);
}

/** The fixture without its types, beside the home: so it starts three times as fast, and is found by the home's path. */
function script(home: Home): string {
  const path = home.path('fake-upstream.mjs');
  if (!existsSync(path)) {
    const source = readFileSync(join(import.meta.dirname, '..', 'fixtures', 'fake-upstream.ts'), 'utf8');
    writeFileSync(path, stripTypeScriptTypes(source));
  }
  return path;
}
