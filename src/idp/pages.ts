import { randomBytes } from 'node:crypto';
import type { Org } from './org.ts';
import { Refusal } from './refusals.ts';
import { errorPage } from './views/error-page.ts';
import { pageSecurityPolicy } from './views/page-security-policy.ts';

interface PageContext {
  type: string;
  body: unknown;
  set(name: string, value: string): void;
}

interface ErrorAnswer {
  readonly error: string;
  readonly error_description?: string | undefined;
}

/** Answers with a page and what keeps it safe: no script, no frame around it, no copy of it anywhere.
 * @param formTarget where a form of it leads in the end; a page without one has no form
 */
export function answerPage(ctx: PageContext, page: string, formTarget?: string): void {
  for (const [name, value] of Object.entries(pageHeaders(formTarget))) ctx.set(name, value);
  ctx.type = 'html';
  ctx.body = page;
}

/** The headers of every page. */
export function pageHeaders(formTarget?: string): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': pageSecurityPolicy(formTarget),
    'Cache-Control': 'no-store',
    'Referrer-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
}

/** The page for an error that cannot go back to the app, with a line in the log under the same id. */
export function answerErrorPage(org: Org, ctx: PageContext, out: ErrorAnswer, error: Error): void {
  const requestId = randomBytes(8).toString('hex');
  const description = out.error_description ?? 'No details.';
  org.log('error page shown', {
    requestId,
    error: out.error,
    description,
    reason: error instanceof Refusal ? error.reason : error.message,
  });
  answerPage(ctx, errorPage({ title: titles[out.error] ?? 'The request was refused', detail: description, requestId }));
}

const titles: Readonly<Record<string, string>> = {
  invalid_client: 'This app is not known here',
  invalid_redirect_uri: 'This app may not send you back there',
  invalid_request: 'The request is not complete',
  access_denied: 'Access denied',
  server_error: 'Something went wrong here',
};
