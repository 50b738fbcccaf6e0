import { createHash } from 'node:crypto';
import { styleSheet } from './style-sheet.ts';

const styleHash = `'sha256-${createHash('sha256').update(styleSheet).digest('base64')}'`;

/** The `Content-Security-Policy` header of a page: no script, no frame around it, nothing from elsewhere, the one inline style
 * by its hash. Send it with `Referrer-Policy: same-origin`: with `no-referrer` browsers would post forms with `Origin: null`.
 * @param formTargets sources its form may lead to; empty where it has none
 */
export function securityPolicy(formTargets: readonly string[]): string {
  return [
    "default-src 'none'",
    `style-src ${styleHash}`,
    'img-src data:',
    `form-action ${formTargets.length === 0 ? "'none'" : formTargets.join(' ')}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
