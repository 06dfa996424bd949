import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BeginSignIn } from '../../../src-shared/sign-in.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { readBytesIfExists } from '../../gateway/storage/files.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { printJson } from '../output.ts';
import type { CommandSpec } from '../program.ts';
import { createPrompter, type Prompter } from '../prompt.ts';
import { signIn } from '../sign-in.ts';

export type SignInOptions = {
  readonly browser?: boolean;
  readonly otherAccount?: boolean;
  readonly clientId?: string;
  readonly clientSecret?: boolean;
  readonly clientKey?: string;
  readonly machine?: boolean;
};

/** `nucleus sign-in`: signs in for a profile with OAuth. */
export const signInCommand: CommandSpec = {
  define(command) {
    command
      .argument('<id>', 'the profile, e.g. linear:work')
      .option('--no-browser', 'print the address, and take the address the browser ended at pasted')
      .option('--other-account', 'let the profile change hands')
      .option('--client-id <id>', 'your own OAuth app, where the service registers none by itself')
      .option('--client-secret', 'with --client-id: ask for its secret, or read it from stdin')
      .option('--client-key <file>', 'with --client-id: its private key, PEM')
      .option('--machine', 'as a program, with the client’s secret or key and without a person');
  },
  async run(context, [profile = ''], options: SignInOptions) {
    const prompter = createPrompter(context);
    try {
      const client = await readClient(prompter, context, options);
      const input = {
        profile,
        client,
        otherAccount: options.otherAccount === true,
        isMachine: options.machine === true,
      };
      const state = await withApi(context, ({ api }) =>
        signIn(context, api, prompter, input, options.browser !== false),
      );
      if (context.json) printJson(context, state);
      return 0;
    } finally {
      prompter.close();
    }
  },
};

async function readClient(
  prompter: Prompter,
  { cwd, gone }: Pick<Context, 'cwd' | 'gone'>,
  { clientId, clientSecret, clientKey }: SignInOptions,
): Promise<NonNullable<BeginSignIn['client']> | null> {
  if (clientId === undefined) {
    if (clientSecret === true || clientKey !== undefined)
      throw new NucleusError('USAGE', '--client-secret and --client-key go with --client-id');
    return null;
  }
  const secret = clientSecret === true ? await prompter.askHidden('Client secret: ') : undefined;
  if (secret === null || secret === '')
    throw new NucleusError('SECRET_REQUIRED', 'the client secret is empty; type it, or pipe it as one line');
  return {
    id: clientId,
    ...(secret !== undefined && { secret }),
    ...(clientKey !== undefined && { key: readKey(resolve(cwd, clientKey), gone !== null) }),
  };
}

/** No key is longer. */
const maxKeyBytes = 1024 * 1024;

/** The gateway's process reads regular files only: it would wait for who writes a pipe, and everybody with it. */
function readKey(file: string, isHanded: boolean): string {
  try {
    const bytes = isHanded ? readBytesIfExists(file, maxKeyBytes) : readFileSync(file);
    if (bytes !== null) return bytes.toString('utf8');
    throw new NucleusError('USAGE', `--client-key ${file} cannot be read (ENOENT)`);
  } catch (error) {
    if (error instanceof NucleusError) throw error;
    throw new NucleusError(
      'USAGE',
      `--client-key ${file} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
