import * as clients from '../shots-clients.ts';
import * as data from '../shots-data.ts';
import {
  everythingLocked,
  failing,
  locked,
  narrow,
  on,
  press,
  small,
  wideAndLarge,
  wideFont,
  wiped,
  type Scene,
} from './scene.ts';

export const clientsScenes: readonly Scene[] = [
  ...small({ name: 'clients', answers: on('clients') }),
  {
    name: 'clients-difference',
    answers: on('clients'),
    act: (page) => page.getByRole('article', { name: 'Cursor' }).getByText('Show difference').click(),
  },
  {
    name: 'clients-many',
    answers: { ...on('clients'), 'hosts.list': clients.unconnected },
    act: async (page) => {
      await page.getByLabel('Connect Claude Code with the others').uncheck();
      await press(page, 'Preview changes');
    },
  },
  {
    name: 'clients-connected',
    answers: { ...on('clients'), 'hosts.list': clients.unconnected },
    act: async (page) => {
      await page.evaluate(`shots.set(${JSON.stringify({ 'hosts.list': clients.connected })})`);
      await press(page, 'Connect 3 clients');
      await page.getByText('Restart Cursor once').waitFor();
    },
  },
  {
    name: 'clients-failed',
    answers: {
      ...on('clients'),
      'hosts.connect': failing(
        'STATE_UNUSABLE',
        'the file of Cursor, /home/dana/.cursor/mcp.json, may not be written; make it writable and connect again',
      ),
    },
    act: async (page) => {
      await page.getByRole('article', { name: 'Cursor' }).getByText('Connect', { exact: true }).click();
      await page.getByText('may not be written').waitFor();
    },
  },
  {
    name: 'clients-bundle',
    answers: on('clients'),
    act: async (page) => {
      await press(page, 'Save .mcpb');
      await page.getByText('is saved').waitFor();
    },
  },
  ...small({
    name: 'clients-token',
    answers: on('clients'),
    act: async (page) => {
      await page.getByLabel('Name of the client').fill('laptop');
      await press(page, 'Make a token');
      await page.getByText('shown this once').scrollIntoViewIfNeeded();
    },
  }),
  {
    name: 'clients-token-removed',
    answers: on('clients'),
    act: async (page) => {
      await press(page, 'Remove…');
      await page.getByRole('button', { name: 'Remove n8n' }).scrollIntoViewIfNeeded();
    },
  },
  {
    name: 'clients-none',
    answers: {
      ...on('clients'),
      'hosts.list': clients.hosts.map((one) => ({ ...one, state: 'not-installed', backup: null })),
      'clients.list': [],
      'gateway.status': { ...data.status, clients: [], http: null, httpProblem: 'port 8787 is taken' },
    },
    act: (page) => page.getByText('8 clients not installed').click(),
  },
  {
    name: 'clients-loading',
    answers: { ...on('clients'), 'hosts.list': { $never: true }, 'clients.list': { $never: true } },
    act: (page) => page.getByText('Looking at the clients').waitFor({ state: 'attached' }),
  },
  {
    name: 'clients-broken',
    answers: {
      ...on('clients'),
      'hosts.list': failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again'),
      'clients.list': failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again'),
    },
  },
  {
    name: 'clients-offline',
    answers: on('clients'),
    act: async (page) => {
      const gone = failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again');
      await page.evaluate(`shots.set(${JSON.stringify({ 'hosts.list': gone })}); shots.tell(['hosts'])`);
      await page.getByText('does not answer').waitFor();
    },
  },
  { name: 'clients-locked', answers: { ...on('clients'), ...everythingLocked } },
  { name: 'clients-forced', answers: on('clients'), forcedColors: true },
  { name: 'clients-wide-font', answers: on('clients'), act: (page) => page.evaluate(wideFont) },
  {
    name: 'clients-wiped',
    answers: { ...on('clients'), ...wiped, ...locked },
    act: async (page) => {
      await press(page, 'Show difference');
      await page.getByText('Hide difference').scrollIntoViewIfNeeded();
    },
  },
  ...wideAndLarge({ name: 'clients', answers: on('clients') }),
  ...narrow([
    {
      name: 'clients',
      answers: on('clients'),
      act: (page) => page.getByRole('article', { name: 'Cursor' }).getByText('Show difference').click(),
    },
    {
      name: 'clients-token',
      answers: on('clients'),
      act: async (page) => {
        await page.getByLabel('Name of the client').fill('laptop');
        await press(page, 'Make a token');
        await page.getByText('shown this once').scrollIntoViewIfNeeded();
      },
    },
  ]),
];
