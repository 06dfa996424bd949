import { elementsOf, membersOf, resultAt, type Change, type Member, type Span } from './splice.ts';

/**
 * Where an answer names things by which a client comes back: resources and tasks. Only these places are looked at, so
 * that everything else of an answer stays as it is, what we do not know included.
 */

/** What ties a message to a task (MCP 2025-11-25, basic/utilities/tasks, "Related Task Metadata"). */
export const relatedTask = 'io.modelcontextprotocol/related-task';

/** Answers without these bytes name no resource: in `uri`, in `resourceUri`. */
export const uriMark = Buffer.from('ri"');

type Rename = (name: string) => string;

/** Where the results of a method have their content, and of what form that is. */
const shapes: Readonly<Record<string, (line: Buffer, result: Member[]) => Span[]>> = {
  'tools/call': ofTool,
  'tasks/result': ofTool,
  // The result of a task of the modern era is part of the task.
  'tasks/get': (line, result) => inside(line, result, 'result').flatMap((own) => ofTool(line, own)),
  'prompts/get': (line, result) =>
    items(line, result, 'messages').flatMap((message) => blocks(line, membersOf(line, message.value))),
  'resources/read': (line, result) => items(line, result, 'contents').flatMap((item) => uriOf(line, item)),
};

/** Whether answers to a method may name resources. */
export function namesResources(method: string): boolean {
  return Object.hasOwn(shapes, method);
}

/** The changes that give the resources an answer names other addresses. */
export function resourceChanges(line: Buffer, method: string, rename: Rename): Change[] {
  const at = resultAt(line);
  const shape = Object.hasOwn(shapes, method) ? shapes[method] : undefined;
  if (at === null || !shape) return [];
  return shape(line, membersOf(line, at)).flatMap((span) => renamed(line, span, rename));
}

/** The changes that give the tasks an answer names other ids; `isTask`: the result itself is one. */
export function taskChanges(line: Buffer, isTask: boolean, rename: Rename): Change[] {
  const at = resultAt(line);
  if (at === null) return [];
  const result = membersOf(line, at);
  const related = inside(line, result, '_meta').flatMap((meta) => inside(line, meta, relatedTask));
  const named = isTask ? [result] : inside(line, result, 'task');
  return [...named, ...related].flatMap((members) =>
    values(members, 'taskId').flatMap((span) => renamed(line, span, rename)),
  );
}

function renamed(line: Buffer, { value, end }: Span, rename: Rename): Change[] {
  const known: unknown = JSON.parse(line.toString('utf8', value, end));
  if (typeof known !== 'string') return [];
  const name = rename(known);
  return name === known ? [] : [{ start: value, end, text: JSON.stringify(name) }];
}

/** What a tool answers: its content, and the page of an app that draws it. */
function ofTool(line: Buffer, result: Member[]): Span[] {
  const meta = inside(line, result, '_meta');
  return [
    ...blocks(line, result),
    ...meta.flatMap((own) => values(own, 'ui/resourceUri')),
    ...meta.flatMap((own) => inside(line, own, 'ui')).flatMap((page) => values(page, 'resourceUri')),
  ];
}

/** The addresses in `content`, which is one block or several. */
function blocks(line: Buffer, members: Member[]): Span[] {
  return values(members, 'content').flatMap((content) =>
    [...elementsOf(line, content.value), content].flatMap((block) => {
      const own = membersOf(line, block.value);
      const [type] = values(own, 'type').map(({ value, end }) => line.toString('latin1', value, end));
      if (type === '"resource_link"') return values(own, 'uri');
      return type === '"resource"' ? values(own, 'resource').flatMap((item) => uriOf(line, item)) : [];
    }),
  );
}

function uriOf(line: Buffer, item: Span): Span[] {
  return values(membersOf(line, item.value), 'uri');
}

function items(line: Buffer, members: Member[], key: string): Span[] {
  return values(members, key).flatMap(({ value }) => elementsOf(line, value));
}

/** The members of the objects under a key. */
function inside(line: Buffer, members: Member[], key: string): Member[][] {
  return values(members, key).map(({ value }) => membersOf(line, value));
}

function values(members: Member[], key: string): Member[] {
  return members.filter((member) => member.key === key);
}
