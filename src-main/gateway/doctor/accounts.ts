import type { UpstreamStatus } from '../../../src-shared/contract.ts';
import type { Finding } from '../../../src-shared/doctor.ts';
import type { ConnectorProblem } from '../../../src-shared/model.ts';
import type { SignInInfo } from '../../../src-shared/sign-in.ts';
import type { Check } from './examine.ts';
import { fail, ok, warn } from './finding.ts';
import { nameSome } from './machine.ts';
import { oldManifests } from './old-manifests.ts';
import type { Inside, Outside } from './scene.ts';

/** So many servers are started at once to be looked at. */
const probesAtOnce = 4;
/** One server gets this long to answer. */
const probeMs = 10_000;
/** All of them together. */
const allProbesMs = 120_000;

export const noProfiles: Finding = warn('profiles', 'there are no profiles yet', 'nucleus add <connector>');

/** Connectors and the accounts of them; with `probe` each account's server is reached, too. */
export function accountChecks(outside: Outside, inside: Inside, probe: boolean): Check[] {
  const { handlers } = inside;
  const { clock } = outside.platform;
  return [
    {
      ids: ['connector', 'connector-age'],
      async look(signal) {
        const profiles = await handlers.profiles.list({}, { signal });
        const { connectors, problems } = await handlers.connectors.list({}, { signal });
        return [
          ...(problems.length === 0
            ? [ok('connector', 'all connectors can be used')]
            : problems.map(describeProblem)),
          ...oldManifests(connectors, profiles, clock.now()).map((sentence) =>
            warn('connector-age', sentence, 'update Nucleus; while it works, nothing has to be done'),
          ),
        ];
      },
    },
    {
      ids: ['profiles', 'class'],
      async look(signal) {
        const profiles = await handlers.profiles.list({}, { signal });
        if (profiles.length === 0) return [noProfiles];
        const unclassed = profiles.filter(({ env }) => env === undefined).map(({ id }) => id);
        return [
          ok(
            'profiles',
            profiles.length === 1 ? 'there is 1 profile' : `there are ${profiles.length} profiles`,
          ),
          ...(unclassed.length === 0
            ? []
            : [
                ok(
                  'class',
                  `how much depends on ${nameSome(unclassed)} was never said; nucleus env PROFILE CLASS does`,
                ),
              ]),
        ];
      },
    },
    {
      ids: ['upstream', 'sign-in'],
      async look(signal) {
        const { upstreams } = await handlers.gateway.status({}, { signal });
        const bad = upstreams.flatMap(describeUpstream);
        const infos = await handlers.profiles.info({ id: null, probe: false }, { signal });
        const fine = infos.filter(({ profile }) => !bad.some(({ subject }) => subject === profile.id));
        return [...bad, ...fine.flatMap(({ profile, signIn }) => describeSignIn(profile.id, signIn))];
      },
    },
    ...(probe
      ? [
          {
            ids: ['reach'] as const,
            limitMs: allProbesMs,
            look: (signal: AbortSignal) => probeAll(outside, inside, signal),
          },
        ]
      : []),
  ];
}

function describeProblem({ connector, file, message, fix, severity }: ConnectorProblem): Finding {
  const make = severity === 'error' ? fail : warn;
  return make('connector', `connector ${connector} (${file}): ${message}`, fix, { subject: connector });
}

function describeUpstream({ profile, problem, state }: UpstreamStatus): Finding[] {
  if (problem === null) return [];
  return state === 'signed-out'
    ? [warn('sign-in', `${profile}: ${problem}`, `nucleus sign-in ${profile}`, { subject: profile })]
    : [warn('upstream', `${profile}: ${problem}`, `nucleus info ${profile}`, { subject: profile })];
}

function describeSignIn(id: string, signIn: SignInInfo | null): Finding[] {
  if (signIn === null) return [];
  const whom = signIn.account === null ? '' : ` as ${signIn.account}`;
  return [ok('sign-in', `${id} is signed in${whom}`, { subject: id })];
}

/** A few at once: each may be a process of its own. */
async function probeAll(
  { platform }: Outside,
  { handlers }: Inside,
  signal: AbortSignal,
): Promise<Finding[]> {
  const waiting = (await handlers.profiles.list({}, { signal })).map(({ id }) => id);
  const findings: Finding[] = [];
  const work = async (): Promise<void> => {
    for (let id = waiting.shift(); id !== undefined && !signal.aborted; id = waiting.shift())
      findings.push(await probeOne(id));
  };
  await Promise.all(Array.from({ length: probesAtOnce }, work));
  return findings.toSorted((a, b) => (a.subject ?? '').localeCompare(b.subject ?? ''));

  async function probeOne(id: string): Promise<Finding> {
    const late = Promise.withResolvers<'late'>();
    const forget = platform.clock.after(probeMs, () => late.resolve('late'));
    const found = await Promise.race([handlers.profiles.info({ id, probe: true }, { signal }), late.promise]);
    forget();
    const about = { subject: id };
    if (found === 'late')
      return fail('reach', `${id} did not answer within ${probeMs / 1_000} s`, `nucleus info ${id}`, about);
    const probe = found[0]?.probe ?? null;
    if (!probe) return ok('reach', `${id} was not asked`, about);
    if (!probe.ok) {
      const fix = probe.code === 'SIGN_IN_REQUIRED' ? `nucleus sign-in ${id}` : `nucleus info ${id}`;
      return fail('reach', `${id} cannot be reached: ${probe.message}`, fix, about);
    }
    return ok('reach', `${id} answers (${probe.tools} tools)`, about);
  }
}
