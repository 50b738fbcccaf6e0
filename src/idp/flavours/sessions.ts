import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { LRUCache } from 'lru-cache';
import type { SeedUser } from '../seed/seed-schema.ts';

/** Somebody who is signed in at the provider, with one browser. */
export interface Session {
  /** Is in the tokens as `sid`, and says nothing to whoever has it. */
  readonly id: string;
  readonly user: SeedUser;
  /** Of the last time a password was asked for; seconds since the epoch. */
  readonly authTime: number;
}

/** Who is signed in, in memory: a restart forgets it. */
export interface Sessions {
  /** Of the browser a request comes from. */
  find(request: IncomingMessage): Session | undefined;
  /** After somebody showed a password: goes on with the session of this browser, if it is the same person's.
   * @returns the session, and the cookie by which the browser is known from now on
   */
  start(request: IncomingMessage, user: SeedUser): { readonly session: Session; readonly cookie: string };
  /** This browser has to sign in again; what it was issued before is as good as it was. */
  leave(request: IncomingMessage): void;
  /** Whoever it belongs to has to sign in again. */
  end(id: string): void;
  hasEnded(id: string): boolean;
}

const cookieName = 'usher_idp_session';
const most = 10_000;

/** @param minutes how long a session lasts */
export function buildSessions(minutes: number, now: () => number): Sessions {
  const open = new LRUCache<string, Session>({ max: most, ttl: minutes * 60_000 });
  const ended = new LRUCache<string, true>({ max: most });
  const name = () => randomBytes(24).toString('base64url');
  const keyIn = ({ headers }: IncomingMessage) =>
    headers.cookie
      ?.split(/; */)
      .map((pair) => pair.split('='))
      .find(([one]) => one === cookieName)?.[1] ?? '';
  return {
    find: (request) => open.get(keyIn(request)),
    start(request, user) {
      const before = open.get(keyIn(request));
      open.delete(keyIn(request));
      const id = before?.user === user ? before.id : name();
      const session = { id, user, authTime: Math.floor(now() / 1000) };
      // Another name than before: whoever had put theirs into this browser does not get in by it.
      const key = name();
      open.set(key, session);
      return { session, cookie: `${cookieName}=${key}; Path=/; HttpOnly; SameSite=Lax` };
    },
    leave: (request) => void open.delete(keyIn(request)),
    end(id) {
      ended.set(id, true);
      for (const [key, session] of open.entries()) if (session.id === id) open.delete(key);
    },
    hasEnded: (id) => ended.has(id),
  };
}
