import type { Probe, ProfileInfo } from '../../../src-shared/contract.ts';
import type { SignInInfo } from '../../../src-shared/sign-in.ts';
import { formatAge } from '../../../src-shared/duration.ts';
import { withApi } from '../api.ts';
import type { Context } from '../context.ts';
import { formatMetadata, note, oneLine, print, printJson } from '../output.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';

export type InfoOptions = { readonly probe?: boolean };

/** `nucleus info`: everything about one profile or all of them, and whether their servers answer. */
export const info: CommandSpec = {
  define(command) {
    command.argument('[id]', 'one profile, e.g. github:work').option('--no-probe', 'start no server');
  },
  run: (context, args, options: InfoOptions) =>
    withApi(context, async ({ api }) => {
      const probe = options.probe !== false;
      const asked = api.profiles.info({ id: args[0] ?? null, probe });
      const profiles = await withProgress(
        context,
        probe ? 'Asking the servers …' : 'Reading the profiles …',
        asked,
      );
      if (context.json) printJson(context, profiles);
      else if (profiles.length === 0) note(context, 'No profiles yet. Add one with: nucleus add <connector>');
      else print(context, profiles.map((profile) => describe(context, profile)).join('\n\n'));
      return 0;
    }),
};

function describe(
  context: Context,
  { profile, connector, command, credentials, signIn, probe }: ProfileInfo,
): string {
  const created = new Date(profile.createdAt * 1_000).toISOString();
  const age = formatAge(Date.now() - profile.createdAt * 1_000);
  const way = connector?.variants[profile.variant ?? ''] ?? connector;
  const facts: [string, string | null][] = [
    ['connector', `${profile.connector} (${connector?.kind ?? 'custom'})`],
    ['description', connector?.description || null],
    ['variant', profile.variant ?? null],
    ['transport', way?.transport ?? 'stdio'],
    ['url', way?.url ?? null],
    [way?.url ? 'request' : 'command', command.length === 0 ? null : command.map(quote).join(' ')],
    ['cwd', profile.launch?.cwd ?? null],
    ['auth', profile.auth ?? way?.auth ?? null],
    ['created', `${created} (${age} ago)`],
    ['default', profile.isDefault ? 'yes' : 'no'],
    ['class', profile.env ?? null],
    ['read-only', profile.readOnly === null ? null : profile.readOnly ? 'yes' : 'no'],
    ['metadata', formatMetadata(profile.metadata)],
    ['signed in', signIn === null ? null : describeSignIn(signIn)],
    ['same as', signIn === null || signIn.sameAs.length === 0 ? null : signIn.sameAs.join(', ')],
    ['credentials', credentials],
    ['checked', connector?.checked ? `${connector.checked.on} (${connector.checked.method})` : null],
    ['probe', probe === null ? null : describeProbe(probe)],
  ];
  const lines = facts.flatMap(([key, value]) =>
    value === null ? [] : [`  ${key.padEnd(12)}: ${oneLine(value)}`],
  );
  return [`═══ ${oneLine(profile.id)}`, ...lines].join('\n');
}

function describeSignIn({ account, issuer, signedInAt, problem }: SignInInfo): string {
  if (problem !== null) return `✗ ${problem}; run nucleus sign-in`;
  const since = signedInAt === null ? [] : [`${formatAge(Date.now() - signedInAt)} ago`];
  // With a token of a person's own there is no sign-in, only whose it is.
  const facts = issuer === null ? [] : [issuer, ...since];
  return `${account === null ? 'yes' : `as ${account}`}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
}

function describeProbe(probe: Probe): string {
  if (!probe.ok) return `✗ ${probe.message}`;
  const others = [
    probe.prompts > 0 ? `${probe.prompts} prompts` : null,
    probe.resources > 0 ? `${probe.resources} resources` : null,
  ].filter((part) => part !== null);
  const more = others.length === 0 ? '' : `, ${others.join(', ')}`;
  const server = probe.server === '' ? '' : ` by ${probe.server}`;
  return `✓ ${probe.tools} tools advertised${more}${server} (${Math.round(probe.milliseconds)} ms)`;
}

/** As one would type it, so that two arguments never look like one. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
