import type { Params } from '../../wire/frame.ts';
import type { Reply } from '../../wire/reply.ts';
import type { Call, Dispatch } from '../dispatch.ts';
import type { Binding } from '../route.ts';
import type { View } from '../view.ts';

/** A tool of the gateway's own, listed beside those of the accounts. */
export interface OwnTool {
  readonly name: string;
  /** Absent: always. One that is not listed can be called all the same. */
  isListed?(): boolean;
  /** As clients see it, written from what the view holds; without its name. */
  define(view: View): Params;
  /** `call` is the client's; what it comes to goes down the one road. */
  run(args: Params, call: Call, view: () => View, dispatch: Dispatch): Promise<Reply>;
}

/** Stands where a call has an account; our own tools have none. */
export const noAccount: Binding = {
  profile: 'nucleus',
  connector: 'nucleus',
  alias: 'nucleus',
  metadata: {},
};

/** A result with text for the model and the same as data for programs. */
export function ownResult(text: string, data: Params): Reply {
  return { kind: 'made', body: { result: { content: [{ type: 'text', text }], structuredContent: data } } };
}
