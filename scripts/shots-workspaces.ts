import type { WorkspaceBinding, WorkspaceFile, WorkspaceInfo } from '../src-shared/workspace.ts';

/* The folders of the same person's Friday. */

const bound = (profile: string, alias: string, note: string | null = null): WorkspaceBinding => ({
  profile,
  alias,
  note,
});
const meant = (profile: string, isDefault: boolean): WorkspaceBinding & { isDefault: boolean } => ({
  ...bound(profile, profile.slice(profile.indexOf(':') + 1)),
  isDefault,
});

const waiting: WorkspaceFile = {
  path: '/home/dana/code/acme/web/.mcp-profiles.toml',
  state: 'untrusted',
  hash: 'a1',
  connectors: [
    {
      kind: 'bound',
      connector: 'sqlite',
      bindings: [
        bound('sqlite:prod', 'live', 'PRODUCTION, ask before you change anything'),
        bound('sqlite:staging', 'staging'),
      ],
    },
    { kind: 'pinned', connector: 'github' },
    { kind: 'bound', connector: 'linear', bindings: [] },
  ],
  problems: [
    {
      file: '/home/dana/code/acme/web/.mcp-profiles.toml',
      line: 14,
      connector: 'linear',
      message: 'profil is no key of a binding',
      fix: 'did you mean profile?',
    },
  ],
};

export const workspaces: readonly WorkspaceInfo[] = [
  {
    folder: '/home/dana/code/acme/web',
    name: null,
    id: '4f1c09ab7d20e513',
    url: null,
    clients: 1,
    files: [waiting],
    connectors: [
      {
        connector: 'github',
        source: 'default',
        hint: 'github:work was made the default with nucleus use',
        bindings: [meant('github:work', true), meant('github:personal', false)],
      },
      {
        connector: 'sqlite',
        source: 'autodetect',
        hint: 'file = /srv/acme/data/staging.db in db/config.toml (the database of this checkout)',
        bindings: [meant('sqlite:staging', true), meant('sqlite:prod', false), meant('sqlite:local', false)],
      },
    ],
    problems: [],
  },
  {
    folder: '/home/dana/code/acme/billing',
    name: 'billing',
    id: '9920aa01c1d4e8f7',
    url: 'http://127.0.0.1:8787/w/billing/mcp',
    clients: 2,
    files: [
      {
        path: '/home/dana/code/acme/billing/.mcp-profiles.toml',
        state: 'trusted',
        hash: 'b2',
        connectors: [],
        problems: [],
      },
    ],
    connectors: [
      {
        connector: 'github',
        source: 'only_one',
        hint: 'the only profile of github',
        bindings: [meant('github:work', true)],
      },
      {
        connector: 'sqlite',
        source: 'explicit',
        hint: 'bound in /home/dana/code/acme/billing/.mcp-profiles.toml',
        bindings: [{ ...bound('sqlite:prod', 'live', 'PRODUCTION, ask first'), isDefault: true }],
      },
    ],
    problems: [
      {
        file: '/home/dana/code/acme/billing/.mcp-profiles.toml',
        line: null,
        connector: 'linear',
        message:
          '/home/dana/code/acme/billing/.mcp-profiles.toml names connector "linear", of which there is no profile',
        fix: 'add one with nucleus add linear, or remove its section',
      },
    ],
  },
  {
    folder: '/home/dana/Documents/2026/Notes with a long name of its own, and of its folder',
    name: null,
    id: '01be',
    url: null,
    clients: 1,
    files: [],
    connectors: [],
    problems: [],
  },
];
