import type { Api } from '../../src-shared/contract.ts';
import type { BeginSignIn, SignInState } from '../../src-shared/sign-in.ts';
import { isErrorCode, NucleusError } from '../../src-shared/errors.ts';
import type { Context } from './context.ts';
import { openBrowser } from './open-browser.ts';
import { note, oneLine, print } from './output.ts';
import type { Prompter } from './prompt.ts';

/**
 * Lets the person before this terminal sign in for a profile. The browser is opened from here: this command runs in the
 * person's own session, where the gateway may not. Without one the address is printed and the answer taken pasted.
 */
export async function signIn(
  context: Context,
  api: Api,
  prompter: Prompter,
  input: Omit<BeginSignIn, 'how'>,
  browser: boolean,
): Promise<SignInState> {
  const begun = await api.signIn.begin({ ...input, how: 'manual' });
  const { id, url, profile } = begun;
  if (url !== null) {
    const over = api.signIn.wait({ id });
    over.catch(() => {}); // Read below; the page may fail to open before.
    await show(context, api, prompter, { id, url, profile }, browser);
    return succeeded(context, await over);
  }
  return succeeded(context, await api.signIn.wait({ id }));
}

async function show(
  context: Context,
  api: Api,
  prompter: Prompter,
  { id, url, profile }: { id: string; url: string; profile: string },
  browser: boolean,
): Promise<void> {
  if (browser) {
    note(context, `Sign in for ${profile} in your browser: ${new URL(url).origin}`);
    try {
      return await openBrowser(new URL(url), context.env);
    } catch (error) {
      if (!context.stdin.isTTY || !context.input) {
        await api.signIn.cancel({ profile });
        throw new NucleusError(
          'SIGN_IN_FAILED',
          `no browser could be opened for ${profile} (${(error as Error).message}); say --no-browser to sign in with another one`,
        );
      }
      note(context, 'No browser could be opened.');
    }
  }
  note(context, `Open this page to sign in for ${profile}:`);
  // The answer of a command goes to stdout alone where a script reads JSON.
  if (context.json) note(context, url);
  else print(context, url);
  if (!context.input) return;
  note(context, 'If the browser cannot reach this machine afterwards, paste the address it ended at.');
  // Beside the wait: most often the browser comes back by itself.
  void takePasted(context, api, prompter, id);
}

async function takePasted(context: Context, api: Api, prompter: Prompter, id: string): Promise<void> {
  try {
    for (;;) {
      const redirect = (await prompter.ask('Address: '))?.trim();
      if (redirect === undefined) return;
      if (redirect === '') continue;
      const { isTaken } = await api.signIn.finish({ id, redirect });
      if (isTaken) return;
      note(context, 'That is not the address this sign-in ends at; it begins with http://127.0.0.1');
    }
  } catch {
    // It ended meanwhile; how is said by who waits for it.
  }
}

function succeeded(context: Context, state: SignInState): SignInState {
  const { phase, profile, account, notes, problem } = state;
  if (phase !== 'done') {
    const { code = 'INTERNAL', message = 'the sign-in ended' } = problem ?? {};
    throw new NucleusError(isErrorCode(code) ? code : 'INTERNAL', message);
  }
  note(context, `signed in for ${profile}${account === null ? '' : ` as ${oneLine(account)}`}`);
  for (const sentence of notes) note(context, `warning: ${oneLine(sentence)}`);
  return state;
}
