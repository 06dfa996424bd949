import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AddProfile, Api } from '../../../src-shared/contract.ts';
import { NucleusError } from '../../../src-shared/errors.ts';
import type { ConnectorProblem, ConnectorSummary, Metadata, Profile } from '../../../src-shared/model.ts';
import type { NameChoice } from '../add-questions.ts';
import {
  askMetadata,
  askSecrets,
  chooseName,
  secretNames,
  tellMethod,
  warnOfPrefix,
} from '../add-questions.ts';
import type { AddOptions, AddRequest } from '../add-request.ts';
import { readRequest } from '../add-request.ts';
import { dryRun } from '../add-dry-run.ts';
import { withApi } from '../api.ts';
import { chooseWay, otherWays } from '../connector-way.ts';
import type { Context } from '../context.ts';
import { askClass } from '../env-class.ts';
import { collect } from '../flags.ts';
import { note, oneLine, printJson } from '../output.ts';
import { offerChoices } from '../pick-questions.ts';
import { withProgress } from '../progress.ts';
import type { CommandSpec } from '../program.ts';
import type { Prompter } from '../prompt.ts';
import { signIn } from '../sign-in.ts';
import { createPrompter } from '../prompt.ts';

/** `nucleus add`: a new profile, or another try at one that exists. */
export const add: CommandSpec = {
  define(command) {
    command
      .usage('<connector> [name] [URL] [options]')
      .argument('<connector>', 'a name nucleus connectors prints, or a new one with a URL or --command')
      .argument('[name-and-url...]', 'a word with :// is the URL, another one the name of the profile')
      .option('--name <name>', 'the name of the profile; the first one is called default')
      .option('--url <url>', 'the address of a connector reached over http')
      .option('--metadata <key=value>', 'a field the connector asks for (repeatable)', collect)
      .option('--transport <transport>', 'stdio, http (which finds out), streamable-http or sse')
      .option(
        '--force-url',
        'move a connector of your own that is known to the URL given, for all its profiles',
      )
      .option('--scope <scope>', 'accepted for scripts of the original, and ignored')
      .option(
        '--header <name: value>',
        'with a URL: send this; {{secret}} in it is asked for (repeatable)',
        collect,
      )
      .option('--command <command>', 'start this program as the MCP server')
      .option('--arg <argument>', 'an argument of the program (repeatable; may start with -)', collect)
      .option(
        '--env <class or key=value>',
        'how much depends on it: prod, staging, dev, personal or none; with = a variable of the program (repeatable), no secrets here',
        collect,
      )
      .option(
        '--secret-env <key>',
        'a variable whose value is asked for and kept in the vault (repeatable)',
        collect,
      )
      .option('--cwd <folder>', 'where the program starts')
      .option('--root <folder>', 'a folder the server may know of (repeatable)', collect)
      .option('--stderr <where>', 'what the server says on stderr: null, inherit, or a file to append to')
      .option('--read-write', 'let the server write, where the connector starts it read-only')
      .option('--read-only', 'start the server read-only, where the connector can')
      .option('--variant <name>', 'another way to the service; nucleus connectors NAME lists them')
      .option('--auth <method>', 'another way to sign in; nucleus connectors NAME lists them')
      .option('--token-stdin', 'read the secrets from the first lines of stdin, one a line')
      .option('--no-browser', 'where a sign-in is needed: print its address and take the answer pasted')
      .option('--no-connect', 'do not start the server to see whether it works')
      .option('--replace', 'put it in the place of a profile of that name; what is not given stays')
      .option('--dry-run', 'only print what would be added');
  },
  async run(context, args, options: AddOptions) {
    const request = readRequest(args, options, context.cwd);
    if (options.readOnly === true && options.readWrite === true) {
      throw new NucleusError('USAGE', 'give --read-only or --read-write, not both');
    }
    if (options.scope !== undefined)
      note(context, 'note: --scope is accepted and ignored; nucleus install has one');
    if (options.dryRun === true) return dryRun(context, request);

    const known = await readKnown(context, request);
    const prompter = createPrompter(context);
    try {
      const input = await complete(context, prompter, request, known);
      if (input === null) {
        note(context, 'Cancelled; nothing was changed.');
        return 0;
      }
      const { profile, probe } = await send(context, prompter, input, options.browser !== false);
      if (probe?.ok && context.input && known.connector && input.launch === null)
        await offerChoices(
          context,
          prompter,
          profile,
          chooseWay(known.connector, request, profile).way.pickers,
        );
      return 0;
    } finally {
      prompter.close();
    }
  },
};

type Added = Awaited<ReturnType<Api['profiles']['add']>>;

interface Known {
  readonly connector: ConnectorSummary | null;
  /** Why its manifest is left out. */
  readonly problem: ConnectorProblem | null;
  readonly profiles: readonly Profile[];
  /** What files here say of its metadata. */
  readonly detected: Metadata;
}

/** Its own visit to the gateway: a person may think about a question for long, and must not hold the lock meanwhile. */
async function readKnown(context: Context, request: AddRequest): Promise<Known> {
  const known = await withApi(context, async ({ api }) => {
    const { connectors, problems } = await api.connectors.list({});
    const profiles = await api.profiles.list({});
    return {
      connector: connectors.find(({ name }) => name === request.connector) ?? null,
      problem: problems.find(({ connector }) => connector === request.connector) ?? null,
      profiles: profiles.filter(({ connector }) => connector === request.connector),
      detected: Object.fromEntries(
        (await api.connectors.detect({ connector: request.connector, folder: context.cwd })).map(
          ({ field, value }) => [field, value] as const,
        ),
      ),
    };
  });
  checkConnector(context, request, known);
  return known;
}

function checkConnector(
  context: Context,
  request: AddRequest,
  { connector, problem, profiles }: Known,
): void {
  const name = request.connector;
  if (connector !== null) {
    const { url, transport, kind } = connector;
    if (request.url !== null && request.url !== url && !request.forceUrl) {
      const fix = kind === 'custom' && url !== null ? '; --force-url changes it' : '';
      note(
        context,
        `note: ${name} is a known connector (${url ?? transport}); the URL given is ignored${fix}`,
      );
    }
    if (request.transport !== null && request.transport !== transport) {
      note(context, `note: ${name} is reached over ${transport}; --transport is ignored`);
    }
    return;
  }
  if (problem !== null) {
    throw new NucleusError('CONNECTOR_INVALID', `connector ${name}: ${problem.message}; ${problem.fix}`);
  }
  if (request.launch !== null || request.url !== null || profiles.length > 0) return;
  throw new NucleusError(
    'CONNECTOR_UNKNOWN',
    `unknown connector "${name}" (nucleus connectors lists the known ones)\n` +
      `To add a server of your own: nucleus add ${name} --command npx --arg -y --arg some-mcp-server, ` +
      `or nucleus add ${name} https://example.com/mcp`,
  );
}

/** Asks for what is missing; null when the person cancels. */
async function complete(
  context: Context,
  prompter: Prompter,
  request: AddRequest,
  { connector, profiles, detected }: Known,
): Promise<AddProfile | null> {
  const fromStdin = request.tokenFromStdin;
  const { headers } = request;
  const known = request.launch ?? (connector ? null : (profiles[0]?.launch ?? null));
  // With --token-stdin the secrets are the first lines, whatever is asked for besides.
  const named = profiles.find(({ name }) => name === request.name);
  const early = fromStdin
    ? await askSecrets(
        prompter,
        secretNames(known, connector && secretsOf(connector, request, named), headers),
        {
          mayAsk: true,
          keep: false,
          silent: !context.stdin.isTTY,
        },
      )
    : null;
  const taken = profiles.map(({ name }) => name);
  const choice: NameChoice = await chooseName(context, prompter, request, taken);
  if (choice === null) return null;
  const before = choice.replace ? profiles.find(({ name }) => name === choice.name) : undefined;
  const launch = request.launch ?? before?.launch ?? null;
  const chosen = connector && launch === null ? chooseWay(connector, request, before) : null;
  if (connector && chosen?.method && context.input)
    tellMethod(context, chosen.method, otherWays(connector, chosen));
  const metadata = await askMetadata(
    context,
    prompter,
    chosen?.way.metadata ?? [],
    { ...before?.metadata, ...request.metadata },
    // What its server can list is chosen once it answers.
    { detected, later: request.connect ? (chosen?.way.pickers ?? []) : [] },
  );
  // What a profile has stored is not sent to another origin than it was given for.
  const keep = before !== undefined && !movesAway(request, connector) && keepsWay(request, before);
  const secrets =
    early ??
    (await askSecrets(
      prompter,
      secretNames(launch, connector && secretsOf(connector, request, before), headers),
      {
        mayAsk: context.input,
        keep,
      },
    ));
  if (chosen?.method) warnOfPrefix(context, chosen.method, secrets);
  const id = `${request.connector}:${choice.name}`;
  const isOpen = request.env === null && before?.env === undefined;
  const env = isOpen ? await askClass(context, prompter, id) : request.env;
  if (launch !== null && launch.cwd === null) hintAtRelative(context, launch.args);
  return {
    connector: request.connector,
    name: choice.name,
    metadata,
    launch,
    ...(request.url !== null
      ? { url: request.url, headers, transport: urlTransport(request), forceUrl: request.forceUrl }
      : {}),
    readOnly: request.readOnly ?? before?.readOnly ?? null,
    variant: request.variant,
    auth: request.auth,
    stderr: request.stderr ?? before?.stderr ?? 'null',
    roots: [...request.roots],
    cwd: context.cwd,
    env: env === 'none' ? null : env,
    secrets,
    replace: choice.replace,
    connect: request.connect,
  };
}

function urlTransport({ transport }: AddRequest): Exclude<AddRequest['transport'], 'stdio'> {
  return transport === 'stdio' ? null : transport;
}

/** A file named relative to here is not found from where the gateway starts the program. */
function hintAtRelative(context: Context, args: readonly string[]): void {
  const relative = args.find((arg) => /^[^-/][^:]*[./]/.test(arg) && existsSync(resolve(context.cwd, arg)));
  if (relative === undefined) return;
  note(
    context,
    `note: "${oneLine(relative)}" is relative and the program starts elsewhere; give its whole path, or --cwd .`,
  );
}

function secretsOf(
  connector: ConnectorSummary,
  request: AddRequest,
  before: Profile | undefined,
): Pick<ConnectorSummary, 'secrets'> {
  const { way, method } = chooseWay(connector, request, before);
  return { secrets: method?.secrets ?? way.secrets };
}

async function send(
  context: Context,
  prompter: Prompter,
  input: AddProfile,
  browser: boolean,
): Promise<Added> {
  return withApi(context, async ({ api }) => {
    const id = `${input.connector}:${input.name}`;
    const answer = await withProgress(context, `Adding ${id} …`, api.profiles.add(input));
    if (answer.probe?.ok === false && answer.probe.code === 'SIGN_IN_REQUIRED' && context.input) {
      // Nothing was there before: what comes to nothing leaves nothing.
      const removeIfFailed = input.replace !== true;
      const signedIn = await signIn(context, api, prompter, { profile: id, removeIfFailed }, browser);
      if (context.json) printJson(context, { ...answer, signIn: signedIn });
      note(context, `${input.replace ? 'replaced' : 'added'} ${id}`);
      return answer;
    }
    if (context.json) printJson(context, answer);
    for (const sentence of answer.notes) note(context, `note: ${oneLine(sentence)}`);
    const { probe } = answer;
    const tools = probe?.ok ? ` (${probe.tools} tools)` : '';
    note(context, `${input.replace ? 'replaced' : 'added'} ${id}${tools}`);
    if (probe !== null && !probe.ok) {
      note(context, `warning: it does not answer yet: ${oneLine(probe.message)}`);
      note(context, `  fix: look at it with nucleus info ${id}`);
    }
    return answer;
  });
}

/** The gateway looks closer; this only keeps a person from being asked in vain. */
function keepsWay({ variant, auth, launch }: AddRequest, before: Profile): boolean {
  const isSame = (asked: string | null, had: string | undefined): boolean => asked === null || asked === had;
  if (launch !== null && launch.command !== before.launch?.command) return false;
  return isSame(variant, before.variant) && isSame(auth, before.auth);
}

function movesAway({ url, forceUrl }: AddRequest, connector: ConnectorSummary | null): boolean {
  return forceUrl && url !== null && new URL(url).origin !== originOf(connector?.url ?? null);
}

function originOf(url: string | null): string | null {
  return url !== null && URL.canParse(url) ? new URL(url).origin : null;
}
