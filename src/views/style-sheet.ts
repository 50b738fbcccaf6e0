/**
 * The pages' only style sheet. It stands inline, so that a page needs no second request, and is let through by its
 * hash in the security policy. Text and control colours keep WCAG AA contrast in both schemes.
 */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --ground: #f3f5f4; --card: #ffffff; --line: #dbe1de; --control: #77837e; --text: #17201d; --quiet: #56625d;
  --accent: #0a665a; --accent-strong: #084f46; --on-accent: #ffffff; --tint: #e9f3f0;
  --warn: #5c4403; --warn-ground: #fdf3d7; --warn-line: #e4cc86; --bad: #9d1c1c; --bad-ground: #fdeeec; --bad-line: #e5b0aa;
  --shadow: 0 1px 2px rgb(16 32 27 / 6%), 0 12px 32px rgb(16 32 27 / 8%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0e1211; --card: #171d1b; --line: #2b3431; --control: #7d8984; --text: #e8edeb; --quiet: #a3afaa;
    --accent: #69cdb9; --accent-strong: #8edccc; --on-accent: #04211c; --tint: #1b2b27;
    --warn: #f0d58c; --warn-ground: #28220f; --warn-line: #574a1f; --bad: #ffb4ab; --bad-ground: #331a18; --bad-line: #6d332e;
    --shadow: none;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; min-height: 100vh; min-height: 100dvh; display: flex; flex-direction: column;
  background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
h1, h2, h3, p, dl, dd, ul, pre { margin: 0; padding: 0; }
ul { list-style: none; }
bdi { font-weight: inherit; }
h1 { font-size: clamp(1.375rem, 1.2rem + 0.8vw, 1.625rem); line-height: 1.25; font-weight: 650; letter-spacing: -0.012em; text-wrap: balance; }
h2 { font-size: 1.0625rem; line-height: 1.35; font-weight: 650; }
h3 { font-size: 1rem; line-height: 1.4; font-weight: 600; }
a { color: var(--accent); text-underline-offset: 0.18em; text-decoration-thickness: 0.06em; }
a:hover { color: var(--accent-strong); text-decoration-thickness: 0.12em; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", "DejaVu Sans Mono", monospace; font-size: 0.875em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.quiet { color: var(--quiet); }
.small { font-size: 0.875rem; }

.notice { background: var(--warn-ground); color: var(--warn); border-bottom: 1px solid var(--warn-line); font-size: 0.875rem; padding: 0.5rem 1rem; text-align: center; text-wrap: balance; }
main { flex: 1; width: 100%; margin: 0 auto; padding: clamp(1.5rem, 5vh, 4rem) clamp(1rem, 4vw, 2rem) 2.5rem; }
main.narrow { max-width: 31rem; }
main.wide { max-width: 66rem; }
.brand { display: flex; align-items: center; gap: 0.625rem; margin-bottom: 1.25rem; font-weight: 600; }
.brand svg { flex: none; width: 1.75rem; height: 1.75rem; color: var(--accent); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 14px; box-shadow: var(--shadow); padding: clamp(1.25rem, 4vw, 2rem); }
.stack > * + * { margin-top: 1rem; }
.tight > * + * { margin-top: 0.375rem; }
h1 + p { margin-top: 0.5rem; }
.aside { margin-top: 1.25rem; padding: 0 0.25rem; }

.alert { display: flex; gap: 0.625rem; background: var(--bad-ground); color: var(--bad); border: 1px solid var(--bad-line); border-radius: 8px; padding: 0.625rem 0.875rem; }
.caution { background: var(--warn-ground); color: var(--warn); border: 1px solid var(--warn-line); border-radius: 8px; padding: 0.625rem 0.875rem; }
.alert svg { flex: none; width: 1.25rem; height: 1.25rem; margin-top: 0.125rem; }
.chips { display: flex; flex-wrap: wrap; gap: 0.375rem; }
.chips li { background: var(--tint); border-radius: 6px; padding: 0.0625rem 0.5rem; }
.field > label { display: block; font-weight: 600; font-size: 0.9375rem; margin-bottom: 0.375rem; }
.field > input {
  display: block; width: 100%; min-height: 2.75rem; padding: 0.5rem 0.75rem; font: inherit; color: inherit;
  background: var(--card); border: 1px solid var(--control); border-radius: 8px;
}
.field > input:focus { outline: 3px solid var(--accent); outline-offset: 1px; border-color: var(--accent); border-radius: 8px; }
.field > input[aria-invalid] { border-color: var(--bad); }
.actions { display: flex; flex-wrap: wrap; gap: 0.75rem; }
.actions > button { flex: 1 1 9rem; }
button {
  min-height: 2.875rem; padding: 0.5rem 1.25rem; border-radius: 8px; border: 1px solid var(--control); background: transparent;
  color: var(--text); font: inherit; font-weight: 600; cursor: pointer;
}
button:hover { background: var(--tint); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
button:focus-visible { border-radius: 8px; }

.rows > li { padding: 0.625rem 0; border-top: 1px solid var(--line); }
.rows > li:first-child { border-top: 0; padding-top: 0; }
.rows > li:last-child { padding-bottom: 0; }
.people > li { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0.125rem 1rem; padding: 0.5rem 0; }
.people { max-height: 16rem; overflow-y: auto; }

.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.section { margin-top: 2.25rem; }
.section > h2 { margin-bottom: 0.75rem; font-size: 1.125rem; }
.facts { display: grid; grid-template-columns: minmax(5.5rem, max-content) 1fr; gap: 0.375rem 1rem; align-items: baseline; font-size: 0.9375rem; }
.facts dt { color: var(--quiet); }
.facts dd { min-width: 0; }
pre { background: var(--ground); border: 1px solid var(--line); border-radius: 8px; padding: 0.625rem 0.875rem; white-space: pre-wrap; }
@media (max-width: 30rem) {
  .facts { grid-template-columns: 1fr; gap: 0; }
  .facts dd { margin-bottom: 0.5rem; }
}
`;
