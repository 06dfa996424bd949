import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addRequest,
  checkDraft,
  suggestName,
  type AddDraft,
} from '../../../src-renderer/state/add-request.ts';
import { fieldProblems } from '../../../src-renderer/state/field-problems.ts';
import { AddProfile } from '../../../src-shared/contract.ts';
import { NucleusError, type ErrorCode } from '../../../src-shared/errors.ts';
import type { ConnectorSummary } from '../../../src-shared/model.ts';

const sqlite: ConnectorSummary = {
  name: 'sqlite',
  title: 'SQLite file',
  description: '',
  kind: 'builtin',
  transport: 'stdio',
  auth: 'none',
  url: null,
  metadata: [
    {
      key: 'file',
      label: 'Database file',
      description: '',
      required: true,
      kind: 'path',
      mustExist: true,
      default: null,
      choices: [],
      pattern: null,
    },
  ],
  secrets: ['token'],
  methods: [],
  readOnly: { default: true, covers: 'sql', note: null },
  pickers: [],
  docs: null,
  note: null,
  variants: {},
  checked: null,
};

const draft = (more: Partial<AddDraft>): AddDraft => ({
  connector: sqlite,
  url: null,
  variant: null,
  auth: null,
  detected: {},
  client: { id: '', secret: '' },
  connectorName: '',
  name: 'prod',
  envClass: 'prod',
  metadata: { file: '/data/prod.db' },
  secrets: { token: 's3cret' },
  isReadOnly: true,
  commandLine: '',
  env: [],
  secretEnv: [],
  ...more,
});
const command = (more: Partial<AddDraft>): AddDraft =>
  draft({ connector: null, connectorName: 'crm', commandLine: 'npx -y crm --name "A B"', ...more });

test('a full form has no problem and makes a question the contract takes', () => {
  assert.deepEqual(checkDraft(draft({})), {});
  const { connector, name, metadata, secrets, readOnly } = AddProfile.parse(addRequest(draft({})));
  assert.deepEqual(
    { connector, name, metadata, secrets, readOnly },
    {
      connector: 'sqlite',
      name: 'prod',
      metadata: { file: '/data/prod.db' },
      secrets: { token: 's3cret' },
      readOnly: true,
    },
  );
});

test('a command keeps its secrets out of its environment', () => {
  const full = command({
    env: [
      { name: 'REGION', value: 'eu' },
      { name: '', value: '' },
    ],
    secretEnv: [{ name: 'TOKEN', value: 's3cret' }],
  });
  assert.deepEqual(checkDraft(full), {});
  const { launch, secrets, metadata } = AddProfile.parse(addRequest(full));
  assert.deepEqual(launch, {
    command: 'npx',
    args: ['-y', 'crm', '--name', 'A B'],
    env: { REGION: 'eu' },
    secretEnv: ['TOKEN'],
    cwd: null,
  });
  assert.deepEqual(secrets, { TOKEN: 's3cret' });
  assert.deepEqual(metadata, {});
});

test('each empty or wrong field says so at its place', () => {
  assert.deepEqual(Object.keys(checkDraft(draft({ name: 'Prod!', metadata: {}, secrets: {} }))), [
    'name',
    'metadata.file',
    'secret.token',
  ]);
  assert.deepEqual(
    Object.keys(
      checkDraft(
        command({
          name: '',
          connectorName: 'C R M',
          commandLine: 'a | b',
          env: [{ name: '1ST', value: '' }],
          secretEnv: [
            { name: 'TOKEN', value: '' },
            { name: 'TOKEN', value: 'x' },
          ],
        }),
      ),
    ),
    ['name', 'connector', 'command', 'env.0', 'secretEnv.0', 'secretEnv.1'],
  );
});

test('an answer of the gateway stands at the field it is about', () => {
  const at = (code: ErrorCode, message: string, data: object, form: AddDraft): Record<string, string> =>
    fieldProblems(new NucleusError(code, message, { ...data }), form);
  assert.deepEqual(at('PROFILE_EXISTS', 'profile sqlite:prod exists already', {}, draft({})), {
    name: 'sqlite:prod is there already. Pick another name.',
  });
  assert.deepEqual(
    at('METADATA_INVALID', 'metadata field "file" names no file', { key: 'file' }, draft({})),
    { 'metadata.file': 'It names no file.' },
  );
  assert.deepEqual(at('SECRET_REQUIRED', 'token is required for sqlite:prod; type it', {}, draft({})), {
    'secret.token': 'It is needed.',
  });
  assert.deepEqual(
    at(
      'SECRET_REQUIRED',
      'TOKEN is required for crm:prod',
      {},
      command({ secretEnv: [{ name: 'TOKEN', value: 'x' }] }),
    ),
    { 'secretEnv.0': 'It is needed.' },
  );
  assert.deepEqual(Object.keys(at('NAME_INVALID', 'invalid connector: name "x y"', {}, command({}))), [
    'connector',
  ]);
  assert.deepEqual(at('VAULT_LOCKED', 'the vault is locked: no keychain', {}, draft({})), {
    form: 'The vault is locked: no keychain.',
  });
});

test('a path offers a name', () => {
  assert.deepEqual(
    ['/data/Prod DB.sqlite', 'C:\\data\\a.b.db', '/data/', '~/code/acme/dev.db', '...', ''].map(suggestName),
    ['prod-db', 'a-b', 'data', 'dev', '', ''],
  );
});
