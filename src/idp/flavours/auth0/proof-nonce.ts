import { createHmac } from 'node:crypto';
import { isSame } from '../../directory.ts';
import type { Tenant } from '../flavour.ts';

/** How long one is handed out is ours; it is good twice as long. */
const periodMs = 300_000;

/** What is to stand in the next proof (RFC 9449 §8). */
export function nonceOf(tenant: Tenant): string {
  return nonceIn(tenant, periodOf(tenant));
}

/** Is it one of those of the last minutes? */
export function isNonce(tenant: Tenant, text: unknown): boolean {
  if (typeof text !== 'string') return false;
  const period = periodOf(tenant);
  return [period, period - 1].some((one) => isSame(text, nonceIn(tenant, one)));
}

const periodOf = (tenant: Tenant) => Math.floor(tenant.now() / periodMs);

function nonceIn({ secret }: Tenant, period: number): string {
  return createHmac('sha256', secret).update(`dpop nonce ${period}`).digest('base64url');
}
