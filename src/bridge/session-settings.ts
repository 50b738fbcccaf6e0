import { z } from 'zod';
import { setting } from '../model/setting.ts';

const group = 'Sessions';

/** Settings of servers to whom each session is a process or a connection of its own. Each member makes its own. */
export function sessionSettings() {
  return {
    maxSessions: setting(z.number().int().min(1).max(100_000).default(100), {
      help: 'Most sessions at once, where each is a process (stdio) or a connection (sse) of its own',
      flag: 'max-sessions',
      group,
      placeholder: 'NUMBER',
    }),
    maxSessionsPerUser: setting(z.number().int().min(1).max(100_000).default(10), {
      help: 'Most of them for one user; one that nobody uses just now makes room for the next',
      flag: 'max-sessions-per-user',
      group,
      placeholder: 'NUMBER',
    }),
    sessionIdleSeconds: setting(z.number().positive().max(31_536_000).default(600), {
      help: 'How long a session may be unused before it ends; whoever listens uses it',
      flag: 'session-idle',
      group,
      placeholder: 'SECONDS',
    }),
  };
}

export interface SessionSettings {
  readonly maxSessions: number;
  readonly maxSessionsPerUser: number;
  readonly sessionIdleSeconds: number;
}
