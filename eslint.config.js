// oxlint reads every .ts; ESLint only knows what is left: the markup of Svelte components.
import svelte from 'eslint-plugin-svelte';
import typescript from 'typescript-eslint';

export default typescript.config(
  { ignores: ['node_modules', '.tsbuild', '.cache', 'dist', 'out', '**/*.{js,mjs,cjs,ts}'] },
  ...svelte.configs.recommended,
  { files: ['**/*.svelte'], languageOptions: { parserOptions: { parser: typescript.parser } } },
);
