import { maxExposedLength } from '../../../src-shared/tool-name.ts';
import type { Check } from './examine.ts';
import { ok, warn } from './finding.ts';
import type { Inside } from './scene.ts';

/** What clients are shown: names that did not fit, and what all of it costs a model. */
export function shownChecks({ handlers }: Inside): Check[] {
  return [
    {
      ids: ['tool-name'],
      async look(signal) {
        const { tools } = await handlers.tools.list({ wait: false }, { signal });
        const short = tools.filter(({ name, tool }) => !name.endsWith(tool.replace(/[^A-Za-z0-9_-]/gu, '_')));
        if (short.length === 0) return [];
        const [first] = short;
        return [
          ok(
            'tool-name',
            `${short.length} of ${tools.length} tools have names shortened to ${maxExposedLength} characters, such as ${first?.name} for ${first?.tool} of ${first?.profile}; shorter profile names leave more of them`,
          ),
        ];
      },
    },
    {
      ids: ['surface'],
      async look(signal) {
        const { chosen, mode, budget, costs, warnings } = await handlers.surface.get({}, { signal });
        const { tools, tokens } = costs[chosen];
        const cost = `clients are shown ${tools} tools, about ${tokens} tokens`;
        const all = warnings.map((sentence) => warn('surface', sentence, 'correct [surface] in config.toml'));
        if (mode !== 'auto' && tokens > budget)
          return [
            ...all,
            warn(
              'surface',
              `${cost}, over the ${budget} that surface.budget says`,
              'set surface.mode = "auto" in config.toml, or a larger budget',
            ),
          ];
        return [...all, ok('surface', `${cost} of ${budget}`)];
      },
    },
  ];
}
