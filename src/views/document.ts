import { html, type Markup } from '../lib/html.ts';
import { styleSheet } from './style-sheet.ts';

/** What every page has. */
export interface Document {
  /** Stands in the browser's tab. */
  readonly title: string;
  /** Whose page it is, beside the mark. */
  readonly brand: Markup;
  /** A line above everything. */
  readonly notice?: string | undefined;
  readonly width: 'narrow' | 'wide';
  readonly content: Markup;
  /** More for the head. */
  readonly head?: Markup | undefined;
}

const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' height='32' rx='8' fill='%230a665a'/%3E" +
  "%3Cpath d='M11 25V9.5A1.5 1.5 0 0 1 12.5 8h7A1.5 1.5 0 0 1 21 9.5V25M8 25h16M17.6 17v.01' fill='none' stroke='%23fff' stroke-width='2.2' stroke-linecap='round'/%3E%3C/svg%3E";

const mark = html`<svg viewBox="0 0 32 32" aria-hidden="true">
  <rect width="32" height="32" rx="8" fill="currentColor" />
  <path
    d="M11 25V9.5A1.5 1.5 0 0 1 12.5 8h7A1.5 1.5 0 0 1 21 9.5V25M8 25h16M17.6 17v.01"
    fill="none"
    stroke="var(--card)"
    stroke-width="2.2"
    stroke-linecap="round"
  />
</svg>`;

/** A whole HTML document without script and without anything to load. */
export function document({ title, brand, notice, width, content, head: more }: Document): string {
  const head = html`<meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="robots" content="noindex" />
    <meta name="referrer" content="same-origin" />
    <title>${title}</title>
    <link rel="icon" href="${icon}" />${more}`;
  const body = html`${notice === undefined ? undefined : html`<p class="notice" role="note">${notice}</p>`}
    <main class="${width}">
      <div class="brand">${mark}<span>${brand}</span></div>
      ${content}
    </main>`;
  // The style sheet is our own constant and must not be escaped: its hash is in the security policy.
  return `<!doctype html>\n<html lang="en">\n<head>\n${head.toString()}\n<style>${styleSheet}</style>\n</head>\n<body>\n${body.toString()}\n</body>\n</html>\n`;
}
