import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileModule } from 'svelte/compiler';

/** From here on Node can load the renderer's state classes (`*.svelte.ts`) as the build would make them. */
export function readRunes(): void {
  registerHooks({
    load(url, context, nextLoad) {
      if (!url.endsWith('.svelte.ts')) return nextLoad(url, context);
      const filename = fileURLToPath(url);
      const source = stripTypeScriptTypes(readFileSync(filename, 'utf8'));
      const { js } = compileModule(source, { filename, generate: 'client', dev: false });
      return { format: 'module', source: js.code, shortCircuit: true };
    },
  });
}
