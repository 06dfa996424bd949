import { formatAge } from '../../../src-shared/duration.ts';
import { withApi } from '../api.ts';
import { formatMetadata, note, print, printJson, table } from '../output.ts';
import type { CommandSpec } from '../program.ts';

/** `nucleus list`: the profiles as a table. */
export const list: CommandSpec = {
  define: () => undefined,
  run: (context) =>
    withApi(context, async ({ api }) => {
      const profiles = await api.profiles.list({});
      if (context.json) printJson(context, profiles);
      if (profiles.length === 0) {
        const { connectors } = await api.connectors.list({});
        note(context, 'No profiles yet. Add one with: nucleus add <connector>');
        const names = connectors.map(({ name, description }) => [`  ${name}`, description]);
        if (names.length > 0) note(context, table(['Connectors:', ''], names));
        return 0;
      }
      if (context.json) return 0;
      const now = Date.now();
      // The columns of the original, where nobody gave a class.
      const hasClasses = profiles.some(({ env }) => env !== undefined);
      const rows = profiles.map((profile) => [
        profile.id,
        profile.isDefault ? '✓' : '',
        ...(hasClasses ? [profile.env ?? '-'] : []),
        formatAge(now - profile.createdAt * 1_000),
        formatMetadata({
          ...(profile.account !== undefined && { account: profile.account }),
          ...profile.metadata,
        }),
      ]);
      print(context, table(['ID', 'DEFAULT', ...(hasClasses ? ['CLASS'] : []), 'AGE', 'METADATA'], rows));
      return 0;
    }),
};
