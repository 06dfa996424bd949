import * as clients from '../shots-clients.ts';
import {
  everythingLocked,
  failing,
  locked,
  lose,
  narrow,
  on,
  press,
  small,
  wideAndLarge,
  wideFont,
  type Scene,
} from './scene.ts';

export const doctorScenes: readonly Scene[] = [
  ...small({ name: 'doctor', answers: on('doctor') }),
  {
    name: 'doctor-facts',
    answers: on('doctor'),
    act: (page) => page.getByText('Upstream servers').scrollIntoViewIfNeeded(),
  },
  {
    name: 'doctor-how',
    answers: on('doctor'),
    act: async (page) => {
      await page.getByRole('button', { name: 'Show how' }).nth(1).click();
      await page.locator('summary').click();
    },
  },
  {
    name: 'doctor-fixed',
    answers: on('doctor'),
    act: async (page) => {
      const rest = clients.findings.filter(({ check }) => check !== 'home-mode');
      await page.evaluate(`shots.set(${JSON.stringify({ 'doctor.run': rest })})`);
      await press(page, /^Fix/);
      await page.getByText('fixed just now').waitFor();
    },
  },
  { name: 'doctor-fine', answers: { ...on('doctor'), 'doctor.run': clients.fine } },
  {
    name: 'doctor-reaching',
    answers: on('doctor'),
    act: async (page) => {
      await page.evaluate(`shots.set(${JSON.stringify({ 'doctor.run': { $never: true } })})`);
      await press(page, 'Reach every server');
      await page.getByText('Leave this view').waitFor();
    },
  },
  {
    name: 'doctor-report',
    answers: on('doctor'),
    act: (page) => press(page, 'Copy report'),
  },
  {
    name: 'doctor-loading',
    answers: { ...on('doctor'), 'doctor.run': { $never: true }, 'gateway.status': { $never: true } },
    act: (page) => page.getByText('Looking at everything').first().waitFor({ state: 'attached' }),
  },
  {
    name: 'doctor-broken',
    answers: {
      ...on('doctor'),
      'doctor.run': failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again'),
      'gateway.status': failing('GATEWAY_UNREACHABLE', 'the gateway does not answer; it is tried again'),
    },
  },
  { name: 'doctor-locked', answers: { ...on('doctor'), ...everythingLocked } },
  { name: 'doctor-vault-locked', answers: { ...on('doctor'), ...locked } },
  { name: 'doctor-forced', answers: on('doctor'), forcedColors: true },
  { name: 'doctor-wide-font', answers: on('doctor'), act: (page) => page.evaluate(wideFont) },
  { name: 'doctor-offline', answers: on('doctor'), act: (page) => lose(page) },
  ...wideAndLarge({ name: 'doctor', answers: on('doctor') }),
  ...narrow([
    { name: 'doctor', answers: on('doctor'), act: (page) => press(page, 'Copy report') },
    {
      name: 'doctor-how',
      answers: on('doctor'),
      act: (page) => page.getByRole('button', { name: 'Show how' }).nth(1).click(),
    },
  ]),
];
