import { NucleusError } from '../../../../src-shared/errors.ts';
import { errorReply } from '../dispatch.ts';
import type { Tickets } from '../tickets.ts';
import type { OwnTool } from './own-tool.ts';

const inputSchema = {
  type: 'object',
  properties: { ticket: { type: 'string', description: 'As the answer to the waiting call has it' } },
  required: ['ticket'],
} as const;

/** `nucleus_resume`: what a call that waits for a person came to; it runs once when they said yes. */
export function createResumeTool(deps: {
  readonly tickets: Tickets;
  /** Whether anything may have to wait for a person: only then it is listed. */
  isNeeded(): boolean;
}): OwnTool {
  return {
    name: 'nucleus_resume',
    isListed: deps.isNeeded,
    define: () => ({
      description:
        'Goes on with a call that waits for a person, by the ticket it was answered with. It runs once, when they allowed it.',
      inputSchema,
      annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: true },
    }),
    async run({ ticket }, call, view, dispatch) {
      if (typeof ticket !== 'string' || ticket === '')
        return errorReply(new NucleusError('ARGUMENTS_INVALID', 'ticket is required and must be a text'));
      const waiting = deps.tickets.take(ticket, call.principal);
      // Another client's ticket, one of another view and one that never was are the same to who asks.
      const isSeen = view().bindings.some(({ profile }) => profile === waiting?.route.binding.profile);
      if (waiting && isSeen) {
        const { signal, onProgress, peer } = call;
        return dispatch({ ...waiting, signal, onProgress, peer });
      }
      if (waiting) deps.tickets.keep(ticket, waiting);
      return errorReply(
        new NucleusError(
          'TICKET_UNKNOWN',
          'no call of this client waits under that ticket: it was used, its 10 minutes are over, or Nucleus was started anew; make the call again',
        ),
      );
    },
  };
}
