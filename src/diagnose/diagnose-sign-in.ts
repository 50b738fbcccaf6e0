import type { AuditRecord } from '../model/audit-record.ts';
import type { SignIn } from '../model/sign-in.ts';
import type { Diagnosis, Who } from './cause.ts';

/** Whose turn it is, by the error the app or the person got; the app's where nothing else is said. */
const turns: Readonly<Record<string, Who>> = {
  access_denied: 'nobody',
  invalid_redirect_uri: 'operator',
  invalid_scope: 'provider',
  server_error: 'operator',
  temporarily_unavailable: 'provider',
};

/** Why a sign-in by the façade was refused: what its record says. Undefined where it was not. */
export function diagnoseSignIn({ event, error }: SignIn, { reason, hint = '' }: AuditRecord): Diagnosis | undefined {
  if (error === undefined) return undefined;
  const id = `sign-in-${event === 'refused' ? error.replaceAll('_', '-') : event}`;
  return { id, who: turns[error] ?? 'client', cause: `${reason.replace(/\.$/, '')}.`, fix: hint };
}
