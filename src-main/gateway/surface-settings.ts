import type { Config } from '../../src-shared/config.ts';
import type { Surface, SurfaceChange } from '../../src-shared/contract.ts';
import { NucleusError } from '../../src-shared/errors.ts';
import { parseAlwaysOn } from '../../src-shared/modes.ts';
import { setKey, type SettableValue } from './config/edit.ts';
import { originsIn, parseConfig, readText, type ConfigPlace, type Origin } from './config/load.ts';
import { encode, replaceConfig } from './hosts/config-text.ts';

type Setting = keyof Surface['origins'];

/** How a setting is called in `[surface]`. */
const keys: Readonly<Record<Setting, string>> = { mode: 'mode', budget: 'budget', alwaysOn: 'always_on' };
const nowhere: Origin = { line: null, ruledBy: null };

/** `[surface]` of config.toml, the one section that can be changed while the gateway runs. */
export interface SurfaceSettings {
  current(): Config['surface'];
  /** Where each setting comes from, by what stands in the file now. */
  origins(): Pick<Surface, 'file' | 'origins'>;
  /** Writes the file and takes what it then says; throws, and changes nothing, when that cannot be. */
  change(change: SurfaceChange): void;
}

/** `place` is null for a gateway that was not started from a config.toml. */
export function createSurfaceSettings(
  surface: Config['surface'],
  place: ConfigPlace | null,
): SurfaceSettings {
  let current = surface;

  /** The text the file is to have. A file with a mistake in it is not touched. */
  function edited(text: string | null, { path, sources }: ConfigPlace, change: SurfaceChange): string {
    parseConfig(text ?? '', path, sources);
    const originOf = originsIn(text, 'surface', sources);
    let next = text ?? '';
    for (const [setting, value] of Object.entries(change) as [Setting, SettableValue | undefined][]) {
      if (value === undefined) continue;
      const key = keys[setting];
      const { ruledBy } = originOf(key);
      if (ruledBy !== null)
        throw new NucleusError(
          'CONFIG_INVALID',
          `surface.${key} is ruled by ${ruledBy}, which goes before config.toml; change it there`,
        );
      next = setKey(next, ['surface', key], value);
    }
    return next;
  }

  return {
    current: () => current,
    origins() {
      if (!place) return { file: null, origins: { mode: nowhere, budget: nowhere, alwaysOn: nowhere } };
      const originOf = originsNow(place);
      const origins = {
        mode: originOf(keys.mode),
        budget: originOf(keys.budget),
        alwaysOn: originOf(keys.alwaysOn),
      };
      return { file: place.path, origins };
    },
    change(change) {
      if (!place)
        throw new NucleusError(
          'CONFIG_INVALID',
          'this gateway was started without a config.toml, so its settings cannot be changed; start it without --servers',
        );
      for (const pin of change.alwaysOn ?? []) parseAlwaysOn(pin);
      const { path, sources } = place;
      let wanted = current;
      replaceConfig(path, (reading) => {
        const before = reading.state === 'found' ? reading.text : null;
        const after = edited(before, place, change);
        wanted = parseConfig(after, path, sources).surface;
        return after === (before ?? '') ? null : encode(after, reading);
      });
      current = wanted;
    },
  };
}

/** A file that cannot be read or understood says nothing; what is wrong with it is told when it is to be changed. */
function originsNow({ path, sources }: ConfigPlace): (key: string) => Origin {
  try {
    return originsIn(readText(path), 'surface', sources);
  } catch {
    return originsIn(null, 'surface', sources);
  }
}
