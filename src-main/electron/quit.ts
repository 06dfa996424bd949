/** What a person says to the question at the end. */
export type QuitAnswer = 'keep' | 'stop' | 'cancel';

export interface QuitDeps {
  /** Names of the clients that are attached now. */
  clients(): Promise<readonly string[]>;
  /** Puts the question; several quits meanwhile put it once. */
  ask(question: QuitQuestion): Promise<QuitAnswer>;
  /** Takes tray and window away and goes on serving. */
  keep(): void;
  /** Ends the process; `byPerson`: clients start nothing until Nucleus is opened again. */
  end(byPerson: boolean): void;
}

export interface QuitQuestion {
  readonly message: string;
  readonly detail: string;
  /** In the order of their answers. */
  readonly buttons: readonly string[];
  readonly answers: readonly QuitAnswer[];
}

/** Quitting: without clients at once, else the person says whether those go on being served. */
export function createQuit(deps: QuitDeps): () => Promise<void> {
  let isAsking = false;
  return async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      const clients = await deps.clients();
      if (clients.length === 0) return deps.end(false);
      const answer = await deps.ask(questionAbout(clients));
      if (answer === 'keep') deps.keep();
      if (answer === 'stop') deps.end(true);
    } finally {
      isAsking = false;
    }
  };
}

function questionAbout(clients: readonly string[]): QuitQuestion {
  const names = [...new Set(clients)];
  const shown = names.slice(0, 3).join(', ');
  const who = names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
  return {
    message: `${who} ${names.length === 1 ? 'is' : 'are'} using Nucleus`,
    detail:
      'In the background Nucleus goes on serving without a menu; open it again to get that back. ' +
      'When stopped, clients lose its tools until you open Nucleus or run nucleus start.',
    buttons: ['Cancel', 'Stop', 'Keep serving in the background'],
    answers: ['cancel', 'stop', 'keep'],
  };
}

/** NUCLEUS_TEST_QUIT_ANSWER, for tests that cannot click into a native box. */
export function testAnswer(env: Readonly<Record<string, string | undefined>>): QuitAnswer | null {
  const answer = env['NUCLEUS_TEST_QUIT_ANSWER'];
  return answer === 'keep' || answer === 'stop' || answer === 'cancel' ? answer : null;
}
