import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { SeedApp } from '../seed/seed-schema.ts';
import type { Granted } from './flavour.ts';

/** What a code stands for. */
export interface CodeGrant extends Granted {
  readonly redirectUri: string;
  /** RFC 7636, S256; a confidential client may go without. */
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
}

/** Codes and refresh tokens, in memory: a restart forgets them. */
export interface Grants {
  addCode(grant: CodeGrant): string;
  /** Once; undefined when it is unknown, over, used or another app's. */
  takeCode(code: string, app: SeedApp): CodeGrant | undefined;
  addRefreshToken(grant: Granted): string;
  findRefreshToken(token: string, app: SeedApp): Granted | undefined;
}

export function buildGrants(codeSeconds: number): Grants {
  const codes = new LRUCache<string, CodeGrant>({ max: 10_000, ttl: codeSeconds * 1000 });
  const refreshTokens = new LRUCache<string, Granted>({ max: 10_000, ttl: 24 * 60 * 60 * 1000 });
  const name = () => randomBytes(32).toString('base64url');
  return {
    addCode(grant) {
      const code = name();
      codes.set(code, grant);
      return code;
    },
    takeCode(code, app) {
      const found = codes.get(code);
      codes.delete(code);
      return found?.app === app ? found : undefined;
    },
    addRefreshToken(grant) {
      const token = name();
      refreshTokens.set(token, grant);
      return token;
    },
    findRefreshToken(token, app) {
      const found = refreshTokens.get(token);
      return found?.app === app ? found : undefined;
    },
  };
}
