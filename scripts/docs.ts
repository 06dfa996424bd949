import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as prettier from 'prettier';
import {
  configKeys,
  configSchema,
  describeKind,
  isDuration,
  type KeySchema,
} from '../src-shared/config-keys.ts';
import { policySchema } from '../src-shared/policy-keys.ts';
import { errorTable } from '../src-shared/errors.ts';
import { connectorJson, connectorsPage } from './connectors-page.ts';

/* npm run docs writes the files that are generated from the source; with --check it only says which are stale. */

const root = join(import.meta.dirname, '..');
const files = {
  'docs/errors.md': errorsPage(),
  'docs/config.md': configPage(),
  'docs/connectors.md': [generated('resources/connectors'), connectorsPage(root)].join('\n\n'),
  'resources/schema/config.json': configJson(),
  'resources/schema/connector.json': connectorJson(),
  'resources/schema/policy.json': policyJson(),
};
const mayWrite = !process.argv.includes('--check');

for (const [file, text] of Object.entries(files)) {
  const path = join(root, file);
  const style = await prettier.resolveConfig(path);
  const wanted = await prettier.format(text, { ...style, filepath: path });
  if (wanted === read(path)) continue;
  if (mayWrite) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, wanted);
    console.log(`wrote ${file}`);
  } else {
    console.error(`${file} is stale; run "npm run docs"`);
    process.exitCode = 1;
  }
}

function errorsPage(): string {
  const shownAs = {
    result: 'a tool result with `isError`, which the model reads',
    error: 'a JSON-RPC error',
  } as const;
  const rows = Object.entries(errorTable).map(
    ([code, { exit, rpc, surface }]) => `| \`${code}\` | ${exit} | ${rpc} | ${shownAs[surface]} |`,
  );
  return [
    generated('src-shared/errors.ts'),
    '# Errors',
    'For scripts and clients, and for whoever met one: every failure Nucleus reports by name. What to do about each is in [troubleshooting](troubleshooting.md). The sentence that comes with it says what happened, to which profile, and what to do next; the name and the numbers are stable.',
    'On the command line the sentence goes to stderr as `Error: …`, with `--json` as `{"error":{"code","message"}}`, and the exit code tells the kind: 0 fine, 1 failed, 2 wrong usage or input, 3 no gateway, 4 no such thing, 5 locked, 6 the upstream failed. A client gets the JSON-RPC code, with the name in `data.code`; or a tool result with the name in `_meta["dev.nucleus/error"].code`. Errors of an upstream itself pass unchanged.',
    ['| Name | Exit code | JSON-RPC code | A client sees |', '|---|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

function configPage(): string {
  const keys = configKeys();
  const sections = Object.entries(configSchema().properties ?? {}).map(([name, { description = '' }]) =>
    [
      `## [${name}]\n\n${description}\n`,
      '| Key | Type | Default | Meaning | Variable |',
      '|---|---|---|---|---|',
      ...keys
        .filter(({ section }) => section === name)
        .map(
          ({ name: key, schema, variable }) =>
            `| \`${key}\` | ${typeOf(key, schema)} | ${code(schema.default)} | ${schema.description ?? ''} | ${variable === null ? 'none' : `\`${variable}\``} |`,
        ),
    ].join('\n'),
  );
  return [
    generated('src-shared/config.ts and scripts/docs.ts'),
    '# config.toml',
    'For whoever runs Nucleus their own way. The file is optional; it lies in the state folder (see [state.md](state.md)), or where `--config` or `NUCLEUS_CONFIG` says. What it leaves out has the default. A key that is not listed here, or a value of another type, is refused with file, line and column; several at once are all listed.',
    'A duration is a number and a unit: `250ms`, `30s`, `10m`, `2h`, `1d`, or several, as in `1h30m`. `0` needs no unit.',
    'Editors with a TOML language server complete keys and show this page’s texts after a first line `#:schema <path to Nucleus>/resources/schema/config.json`.',
    '## What goes before what',
    '**Flag, then environment, then file, then default.**',
    [
      '- Flags: `--config FILE` everywhere; `--log LEVEL` and `--log-style STYLE` where a gateway runs or is started (`serve`, `start`); `--call-timeout` with `serve --servers`, `--standalone` and `--http`.',
      '- Environment: the variable in the last column, `NUCLEUS_<SECTION>_<KEY>`, e.g. `NUCLEUS_UPSTREAM_CALL_TIMEOUT=90s`. Also `NUCLEUS_LOG` for `NUCLEUS_LOG_LEVEL`. An empty one counts as not set, a wrong one is refused by its name. Lists have no variable, and `[approval]` has none on purpose: what a person is asked must not depend on who starts the gateway.',
      '- An error in the file is refused even where a variable or a flag goes before it.',
    ].join('\n'),
    'Which variables a gateway sees depends on who starts it:',
    [
      '| Started by | Variables |',
      '|---|---|',
      '| a terminal or a service manager: `nucleus start --foreground`, `serve` with `--standalone`, `--servers` or `--http`, the app; a command while no gateway runs | all of its own environment |',
      '| `nucleus start`, in the background | every `NUCLEUS…` of the terminal, and those that `config.toml` names (below) |',
      '| a client, through `nucleus serve` | `NUCLEUS_HOME` and `NUCLEUS_VAULT_…` only. A gateway serves all clients, so none of them says how it works: neither by a variable above, nor `NUCLEUS_CONFIG`, nor `NUCLEUSMCP_AUDIT_FULL_ARGS`. Flags in the client’s entry (`--config`, `--log`) do reach one it starts |',
    ].join('\n'),
    'A command that runs while no gateway does logs errors only, unless `NUCLEUS_LOG` says more.',
    '## Variables in the file',
    '`{{ env.NAME }}` in any text of the file, in lists too and several in one text, is filled from the gateway’s own environment (the table above) after the file was read and before it is checked. A variable that is not set, and anything else between the braces, is refused with the key and the name. What a variable holds is taken as it is and not filled again. Numbers and switches cannot be filled. An editor may mark one in a duration or a choice as an error; Nucleus does not.',
    ...sections,
  ].join('\n\n');
}

function configJson(): string {
  const { $schema, ...rest } = configSchema() as KeySchema & { $schema: string };
  return JSON.stringify({
    $schema,
    title: 'Nucleus config.toml',
    $comment: 'Generated from src-shared/config.ts by "npm run docs"; edit that file instead.',
    ...rest,
  });
}

function policyJson(): string {
  const { $schema, ...rest } = policySchema() as KeySchema & { $schema: string };
  return JSON.stringify({
    $schema,
    title: 'Nucleus policy.toml',
    $comment: 'Generated from src-shared/policy.ts by "npm run docs"; edit that file instead.',
    ...rest,
  });
}

function typeOf(key: string, schema: KeySchema): string {
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (isDuration(schema)) return 'duration';
  if (schema.type === 'string') return 'text';
  const kind = describeKind(schema).replace(/^an? /, '');
  return key.endsWith('_mib') ? kind.replace('number', 'number of MiB') : kind;
}

function code(value: unknown): string {
  return value === undefined ? '' : `\`${JSON.stringify(value)}\``;
}

function generated(source: string): string {
  return `<!-- Generated from ${source} by "npm run docs"; edit that file instead. -->`;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // Not written yet: stale.
  }
}
