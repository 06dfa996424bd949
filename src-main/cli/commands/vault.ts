import { Argument } from 'commander';
import type { Api, VaultStatus } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { note, print, printJson, visible } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';

export type VaultOptions = { readonly force?: boolean };

const backends = ['keychain', 'passphrase'] as const;

/** `nucleus vault`: where secrets are kept. */
export const vault: CommandSpec = {
  define(command) {
    command
      .addArgument(
        new Argument(
          '[action]',
          'status, move (keeps the key elsewhere), rekey (new key), recover (gives up lost secrets)',
        )
          .choices(['status', 'move', 'rekey', 'recover'])
          .default('status'),
      )
      .addArgument(new Argument('[to]', 'with move').choices(backends))
      .option('--force', 'with recover: do it; without it only what would be lost is said');
  },
  async run(context, [action = 'status', to], options: VaultOptions) {
    const backend = backends.find((name) => name === to);
    if (action === 'move' && backend === undefined) {
      throw new NucleusError(
        'USAGE',
        'say where to: nucleus vault move keychain, or nucleus vault move passphrase',
      );
    }
    if (action !== 'move' && to !== undefined) {
      throw new NucleusError('USAGE', `nucleus vault ${action} takes no further argument`);
    }
    return withApi(context, async ({ api }) => {
      if (action === 'recover') return recover(context, api, options.force === true);
      const asked =
        backend !== undefined
          ? api.vault.move({ to: backend })
          : action === 'rekey'
            ? api.vault.rekey({})
            : api.vault.status({});
      show(context, await withProgress(context, 'Opening the vault …', asked));
      return 0;
    });
  },
};

async function recover(context: Context, api: Api, force: boolean): Promise<number> {
  if (!force) {
    const profiles = await api.profiles.info({ id: null, probe: false });
    const losers = profiles.filter(({ credentials }) => credentials !== null);
    if (context.json) printJson(context, { lost: [], wouldLose: losers.map(({ profile }) => profile.id) });
    note(
      context,
      'This gives up every stored secret that does not open any more; each profile has to be given its own again:',
    );
    for (const { profile } of losers) note(context, `  ${profile.id}`);
    if (losers.length === 0) note(context, '  (no profile has one)');
    note(context, 'Nothing was given up. To do it: nucleus vault recover --force');
    return 1;
  }
  const answer = await withProgress(context, 'Recovering the vault …', api.vault.recover({}));
  if (context.json) printJson(context, answer);
  else show(context, answer.status);
  for (const id of answer.lost)
    note(
      context,
      `lost the secrets of ${id}; give them again with nucleus add … --replace, or nucleus sign-in ${id}`,
    );
  if (answer.isGuardLost)
    note(
      context,
      'lost the approval PIN, the accepted policy and classes; everything is locked: nucleus pin set, then nucleus unlock',
    );
  return 0;
}

function show(context: Context, status: VaultStatus): void {
  if (context.json) return printJson(context, status);
  print(context, `vault:   ${status.state}`);
  if (status.backend !== null) print(context, `key in:  ${status.backend}`);
  print(context, `records: ${status.records}`);
  if (status.reason !== null) print(context, `reason:  ${visible(status.reason)}`);
}
