import { z } from 'zod';
import { parseObject } from '../lib/parse-object.ts';
import { Sealer } from '../lib/sealer.ts';
import { clientValue, codeValue, consentValue, refreshValue, signInValue } from './sealed-values.ts';

/** Gives values of one kind away in a form that only this façade can make and read, so that it need not keep them. */
export interface Seal<T> {
  /** @param lifeMs how long it opens; for ever when absent */
  seal(value: T, lifeMs?: number): string;
  /** Undefined when it was not sealed here as this kind, was changed, or is over. */
  open(text: string): T | undefined;
}

/** Each kind has its own use, and nothing of one kind opens as another. */
export type Seals = ReturnType<typeof buildSeals>;

const longest = 8192;
const ending = z.object({ until: z.number().optional() });

/** What is sealed belongs to. */
export interface SealScope {
  /** The façade's. What another one sealed does not open here, whatever the key. */
  readonly url: string;
  /** Issuer and id of the client the façade is there: what the provider gave goes back to it alone, also when the façade signs people in
   * elsewhere by now.
   */
  readonly issuer: string;
  readonly clientId: string;
}

export function buildSeals(secret: string, { url, issuer, clientId }: SealScope, now: () => number) {
  const sealer = new Sealer(secret);
  const build = <T extends object>(kind: string, schema: z.ZodType<T>, ...more: readonly string[]): Seal<T> => {
    const name = JSON.stringify(['façade', url, kind, ...more]);
    return {
      seal(value, lifeMs) {
        const text = JSON.stringify(lifeMs === undefined ? value : { ...value, until: now() + lifeMs });
        return Buffer.from(sealer.seal(name, text), 'base64').toString('base64url');
      },
      open(text) {
        if (text.length > longest || !/^[\w-]+$/.test(text)) return undefined;
        const opened = parseObject(sealer.open(name, text) ?? '');
        const end = ending.safeParse(opened).data;
        if (end === undefined || (end.until !== undefined && end.until <= now())) return undefined;
        return schema.safeParse(opened).data;
      },
    };
  };
  return {
    client: build('client', clientValue),
    consent: build('consent', consentValue, issuer, clientId),
    signIn: build('sign-in', signInValue, issuer, clientId),
    code: build('code', codeValue, issuer, clientId),
    refresh: build('refresh', refreshValue, issuer, clientId),
  };
}
