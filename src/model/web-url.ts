import { z } from 'zod';
import { isLoopbackHost } from '../lib/loopback.ts';

/** What is wrong with a web address, as what is wanted instead; undefined when it is fine. */
function findUrlProblem(text: string): string | undefined {
  // new URL() mends a good deal silently (spaces, missing slashes); a configuration should say what it means.
  if (!/^https?:\/\/[^\s\\]+$/i.test(text) || !URL.canParse(text)) return `an http or https URL${suggestScheme(text)}`;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return 'a URL without user name and password';
  if (text.includes('#')) return 'a URL without a fragment (the part from # on)';
  return undefined;
}

function addProblem(problem: string | undefined, issues: z.core.$ZodRawIssue[], input: string): void {
  if (problem !== undefined) issues.push({ code: 'custom', message: problem, input });
}

/** An http or https URL without user info and fragment. Kept as it is written: issuers are compared byte for byte. */
export function webUrl(): z.ZodString {
  return z
    .string()
    .check((context) => addProblem(findUrlProblem(context.value), context.issues, context.value))
    .meta({ format: 'uri' });
}

/** An issuer: also without a query (RFC 8414 §2). */
export function issuerUrl(): z.ZodString {
  return z
    .string()
    .check((context) => {
      const problem = findUrlProblem(context.value);
      const noQuery = context.value.includes('?') ? 'an issuer without a query (RFC 8414 §2)' : undefined;
      addProblem(problem ?? noQuery, context.issues, context.value);
    })
    .meta({ format: 'uri' });
}

/** A resource indicator: an absolute URI without a fragment (RFC 8707 §2). */
export function resourceUri(): z.ZodString {
  return z
    .string()
    .check((context) => {
      const text = context.value;
      const absolute = /^[a-z][a-z0-9+.-]*:[^\s#]+$/i.test(text) && URL.canParse(text);
      const userInfo = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i.test(text);
      if (!absolute) addProblem('an absolute URI without a fragment (RFC 8707 §2)', context.issues, text);
      else if (userInfo) addProblem('a URI without user name and password', context.issues, text);
    })
    .meta({ format: 'uri' });
}

/** For what is an address but for its scheme, as people type it: `localhost:8001/mcp`. */
function suggestScheme(text: string): string {
  if (!/^[a-z0-9][\w.-]*(?::\d+)?(?:\/[^\s\\]*)?$/i.test(text)) return '';
  const url = `https://${text}`;
  if (!/[.:]|^localhost/.test(text) || !URL.canParse(url)) return '';
  return `; did you mean ${isLoopbackHost(new URL(url).hostname) ? url.replace('https', 'http') : url}?`;
}
