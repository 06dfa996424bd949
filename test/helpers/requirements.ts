import { requirements } from '../gateway/requirements.ts';

/** Says which requirements the test around it proves; `test/requirements.test.ts` checks both ways. */
export function verifies(...rows: readonly string[]): void {
  for (const row of rows) {
    if (!Object.hasOwn(requirements, row))
      throw new Error(`no requirement ${row}; it belongs in test/gateway/requirements.ts`);
  }
}
