// Reporter of node:test for scripts/test.ts: one JSON object per line for what it counts and shows.
import { inspect } from 'node:util';

export default async function* testEvents(source) {
  for await (const { type, data } of source) {
    if (type === 'test:dequeue') yield line({ type: 'start', name: data.name });
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details.type === 'suite' && type === 'test:pass') continue;
    yield line({
      type: outcome(type, data),
      name: data.name,
      depth: data.nesting,
      milliseconds: data.details.duration_ms,
      reason: typeof data.skip === 'string' ? data.skip : '',
      error: type === 'test:fail' ? explain(data.details.error) : '',
    });
  }
}

function outcome(type, data) {
  if (data.skip !== undefined || data.todo !== undefined) return 'skipped';
  if (type === 'test:pass') return 'passed';
  // A parent that failed because of its children adds nothing to what they said.
  return data.details.error?.failureType === 'subtestsFailed' ? 'parent' : 'failed';
}

function explain(error) {
  return inspect(error?.cause ?? error, { colors: false, depth: 6 });
}

function line(value) {
  return `${JSON.stringify(value)}\n`;
}
