import { createHash } from 'node:crypto';
import { html, type Markup } from '../../lib/html.ts';

/** What a person reads in the browser when they come back. */
export interface PageText {
  readonly title: string;
  readonly text: string;
  /** Facts below, where there are any: name and value. */
  readonly facts?: readonly (readonly [string, string])[];
  readonly isGood: boolean;
}

const style = `
:root { color-scheme: light dark; --ground: #f3f5f4; --card: #fff; --line: #dbe1de; --text: #17201d; --quiet: #56625d; --good: #0a665a; --bad: #9d1c1c; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0e1211; --card: #171d1b; --line: #2b3431; --text: #e8edeb; --quiet: #a3afaa; --good: #69cdb9; --bad: #ffb4ab; }
}
* { box-sizing: border-box; margin: 0; }
body {
  min-height: 100vh; min-height: 100dvh; display: grid; place-items: center; padding: 1.5rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif; overflow-wrap: anywhere;
}
main { width: 100%; max-width: 31rem; background: var(--card); border: 1px solid var(--line); border-radius: 14px; padding: clamp(1.25rem, 4vw, 2rem); }
svg { display: block; width: 2.5rem; height: 2.5rem; margin-bottom: 1rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
h1 { font-size: 1.375rem; line-height: 1.25; font-weight: 650; text-wrap: balance; margin-bottom: .5rem; }
p { color: var(--quiet); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .375rem 1rem; margin-top: 1.25rem; padding-top: 1.25rem; border-top: 1px solid var(--line); font-size: .9375rem; }
dt { color: var(--quiet); }
`;

const good = html`<path d="M12 20.5l6 6L29 15" />`;
const bad = html`<path d="M14 14l12 12M26 14L14 26" />`;

/** No script, nothing to load, and nowhere to send anything; the address it stands at holds a code, which no page that
 * follows may learn.
 */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** The page a person sees when the browser comes back from signing in. */
export function callbackPage({ title, text, facts = [], isGood }: PageText): string {
  const rows: readonly Markup[] = facts.map(
    ([name, value]) =>
      html`<dt>${name}</dt>
        <dd><bdi>${value}</bdi></dd>`,
  );
  const body = html`<main>
    <svg
      class="${isGood ? 'good' : 'bad'}"
      viewBox="0 0 40 40"
      fill="none"
      stroke="currentColor"
      stroke-width="3"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <circle cx="20" cy="20" r="17" />
      ${isGood ? good : bad}
    </svg>
    <h1>${title}</h1>
    <p>${text}</p>
    ${rows.length === 0 ? undefined : html`<dl>${rows}</dl>`}
  </main>`;
  const head = html`<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="robots" content="noindex" />
    <title>${title} · Usher</title>`;
  // The style sheet is our own constant and must not be escaped: its hash is in the security policy.
  return `<!doctype html>\n<html lang="en">\n<head>\n${head.toString()}\n<style>${style}</style>\n</head>\n<body>\n${body.toString()}\n</body>\n</html>\n`;
}
