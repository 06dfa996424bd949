import * as z from 'zod';
import type { KeySchema } from './config-keys.ts';
import { PolicyFile } from './policy.ts';

/** The schema of what may be written in policy.toml, as JSON Schema; what goes over several keys is not in it. */
export function policySchema(): KeySchema {
  return z.toJSONSchema(PolicyFile, { io: 'input', target: 'draft-2020-12' }) as KeySchema;
}
