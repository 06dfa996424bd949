import { isObject } from '../../wire/frame.ts';
import { stems } from './words.ts';

/** What is read of a tool, in the order of their numbers; `parameter` is a name, `argument` what is said of its values. */
export const fields = ['name', 'title', 'connector', 'description', 'parameter', 'argument'] as const;
export type Field = (typeof fields)[number];

/** What of a tool's definition is looked at, to keep a hostile or generated one from filling the index. */
/** Of one name, or title. */
const maxName = 200;
const maxDescription = 4_000;
const maxArguments = 4_000;
const maxParameters = 200;
const maxDepth = 3;
const maxEnum = 24;

/** The stems of each field of a tool definition as its upstream sent it. */
export function readTool(
  connector: string,
  name: string,
  definition: Readonly<Record<string, unknown>>,
): string[][] {
  const { names, about } = readSchema(definition['inputSchema']);
  const annotations = definition['annotations'];
  const title = textOf(definition['title']) || (isObject(annotations) ? textOf(annotations['title']) : '');
  return [
    stems(name.slice(0, maxName)),
    stems(title.slice(0, maxName)),
    stems(connector),
    stems(textOf(definition['description']).slice(0, maxDescription)),
    stems(names.join(' ')),
    stems(about.join(' ').slice(0, maxArguments)),
  ];
}

/** Names of the parameters, nested ones too, and what the schema says about them. */
function readSchema(schema: unknown): { names: string[]; about: string[] } {
  const names: string[] = [];
  const about: string[] = [];
  const read = (part: unknown, depth: number): void => {
    if (!isObject(part) || depth > maxDepth) return;
    const properties = part['properties'];
    if (isObject(properties)) {
      for (const [name, value] of Object.entries(properties)) {
        if (names.length >= maxParameters) return;
        names.push(name.slice(0, maxName));
        if (!isObject(value)) continue;
        about.push(textOf(value['description']));
        for (const option of enumOf(value)) about.push(option);
        read(value, depth + 1);
      }
    }
    read(part['items'], depth + 1);
  };
  read(schema, 0);
  return { names, about };
}

function enumOf(schema: Readonly<Record<string, unknown>>): string[] {
  const options = schema['enum'] ?? (isObject(schema['items']) ? schema['items']['enum'] : undefined);
  return Array.isArray(options)
    ? options.slice(0, maxEnum).filter((option): option is string => typeof option === 'string')
    : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
