import { randomBytes, randomInt } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { TokenBucket } from '../../../lib/token-bucket.ts';
import { codeTries } from '../../device-waits.ts';
import type { SeedApp } from '../../seed/seed-schema.ts';
import type { Asked, Granted, UserCodeForm } from '../flavour.ts';

/** What an app on another device asks for. */
export interface DeviceRequest {
  readonly app: SeedApp;
  readonly asked: Asked;
  /** RFC 7636, S256. */
  readonly codeChallenge: string | undefined;
  readonly nonce: string | undefined;
}

/** A request that somebody has to answer in a browser. */
export interface DeviceCode extends DeviceRequest {
  readonly deviceCode: string;
  readonly userCode: string;
  /** Milliseconds since the epoch. */
  readonly untilMs: number;
  /** What was said to it; undefined as long as nobody did. */
  readonly outcome: Granted | 'denied' | undefined;
}

/** Codes of apps on other devices, in memory: a restart forgets them. */
export interface DeviceCodes {
  add(request: DeviceRequest): DeviceCode;
  find(deviceCode: string): DeviceCode | undefined;
  /** However it is typed: letters in any case, without dashes or with spaces. */
  findTyped(userCode: string): DeviceCode | undefined;
  /** Does nothing to a code that was answered already. */
  settle(code: DeviceCode, outcome: Granted | 'denied'): void;
  remove(code: DeviceCode): void;
  isExpired(code: DeviceCode): boolean;
  /** Did the app ask about this code less than the interval ago (RFC 8628 §3.5)? */
  isTooSoon(code: DeviceCode): boolean;
  /** May somebody try another code? Wrong ones are counted, whoever types them in (§5.1). */
  takeTry(): boolean;
  /** It was a good one. */
  giveTryBack(): void;
}

interface DeviceCodeOptions {
  readonly form: UserCodeForm;
  readonly lifeSeconds: number;
  /** Between two polls. */
  readonly intervalSeconds: number;
  readonly now: () => number;
}

/** Clocks are not that exact. */
const leewayMs = 100;
const most = 10_000;

export function buildDeviceCodes({ form, lifeSeconds, intervalSeconds, now }: DeviceCodeOptions): DeviceCodes {
  // Longer than they are good, so that the app can be told that one is over.
  const ttl = (lifeSeconds + intervalSeconds + 10) * 1000;
  const codes = new LRUCache<string, DeviceCode>({ max: most, ttl });
  const typed = new LRUCache<string, string>({ max: most, ttl });
  const polls = new LRUCache<string, number>({ max: most, ttl });
  const tries = new TokenBucket({ ...codeTries, nowMs: now() });
  return {
    add(request) {
      const code: DeviceCode = {
        ...request,
        deviceCode: randomBytes(32).toString('base64url'),
        userCode: makeUserCode(form),
        untilMs: now() + lifeSeconds * 1000,
        outcome: undefined,
      };
      codes.set(code.deviceCode, code);
      typed.set(normalize(code.userCode), code.deviceCode);
      return code;
    },
    find: (deviceCode) => codes.get(deviceCode),
    findTyped: (userCode) => codes.get(typed.get(normalize(userCode)) ?? ''),
    settle({ deviceCode }, outcome) {
      const code = codes.get(deviceCode);
      if (code !== undefined && code.outcome === undefined)
        codes.set(deviceCode, { ...code, outcome }, { noUpdateTTL: true });
    },
    remove({ deviceCode, userCode }) {
      codes.delete(deviceCode);
      typed.delete(normalize(userCode));
    },
    isExpired: ({ untilMs }) => now() >= untilMs,
    isTooSoon({ deviceCode }) {
      const before = polls.get(deviceCode);
      if (before !== undefined && now() - before < intervalSeconds * 1000 - leewayMs) return true;
      polls.set(deviceCode, now());
      return false;
    },
    takeTry: () => tries.take(now()),
    giveTryBack: () => tries.giveBack(),
  };
}

const normalize = (userCode: string) => userCode.replaceAll(/[^A-Za-z0-9]/g, '').toUpperCase();

function makeUserCode({ letters, groups }: UserCodeForm): string {
  const letter = () => letters.charAt(randomInt(letters.length));
  return groups.map((length) => Array.from({ length }, letter).join('')).join('-');
}
