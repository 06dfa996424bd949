import assert from 'node:assert/strict';
import test from 'node:test';
import { clientSecretChecks, createFindSecrets } from '../../../src-main/gateway/doctor/client-secrets.ts';
import type { ImportServer } from '../../../src-shared/import.ts';

const server = (file: string, name: string, secrets: readonly string[]): ImportServer => ({
  id: `${file} ${name}`,
  file,
  name,
  connector: name,
  title: name,
  isBuiltin: false,
  profile: 'main',
  env: null,
  how: `npx ${name}`,
  secrets: secrets.map((secret) => ({ name: secret, place: `mcpServers.${name}.env.${secret}` })),
  state: 'new',
  reason: null,
});

test('each client’s file that holds secrets in clear text is told by what they are called', async () => {
  const servers = [
    server('/home/a/.cursor/mcp.json', 'github', ['GITHUB_TOKEN']),
    server('/home/a/.cursor/mcp.json', 'files', []),
    server('/home/a/.claude.json', 'slack', ['SLACK_TOKEN', 'SLACK_TEAM']),
    server('/home/a/.claude.json', 'slack-work', ['SLACK_TOKEN']),
  ];
  const look = () => ({ version: '1', sources: [], servers, last: null });
  const [check] = clientSecretChecks(createFindSecrets({ look }));
  const found = await check?.look(new AbortController().signal);
  const fix = 'nucleus import, which moves them to the vault';
  assert.deepEqual(
    found?.map(({ level, subject, message, fix }) => [level, subject, message, fix]),
    [
      [
        'warn',
        '/home/a/.cursor/mcp.json',
        '/home/a/.cursor/mcp.json holds a secret in clear text: GITHUB_TOKEN of github',
        fix,
      ],
      [
        'warn',
        '/home/a/.claude.json',
        '/home/a/.claude.json holds secrets in clear text: SLACK_TOKEN of slack, SLACK_TEAM of slack, SLACK_TOKEN of slack-work',
        fix,
      ],
    ],
  );
});
