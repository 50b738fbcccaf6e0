import { reportUsage } from '../../config/report.ts';
import { quote } from '../../config/quote.ts';
import { buildCommand } from '../command.ts';
import type { CommandModule } from '../command-module.ts';
import { completionScripts, isShell, shells } from '../completion/completion-scripts.ts';
import { print } from '../print.ts';
import { sortLeftovers } from '../options/unknown-flags.ts';

/** `usher completion bash|zsh|fish`; the scripts call `usher completion words -- WORD…` */
export const completionCommand: CommandModule = {
  build() {
    return buildCommand('usher completion', {
      summary:
        'Prints a script that lets a shell complete commands, flags, their values and names of servers. It asks this program, so that it never falls behind it.',
      usage: shells.join('|'),
      examples: [
        '# bash: into ~/.bashrc\nsource <(usher completion bash)',
        '# zsh: into ~/.zshrc, after compinit\nsource <(usher completion zsh)',
        '# fish\nusher completion fish > ~/.config/fish/completions/usher.fish',
      ],
    });
  },
  async execute(command, { tail, commands, environment }) {
    const { operands, problems } = sortLeftovers(command);
    const [shell, second] = operands;
    if (shell === 'words' && tail !== undefined) {
      const { completeWords } = await import('../completion/complete-words.ts');
      const found = await completeWords(tail, { commands, environment });
      if (found.length > 0) print(found.map(({ word, about }) => `${word}\t${about}`).join('\n'));
      return 0;
    }
    const what =
      shell === undefined
        ? `is missing; give one of ${shells.join(', ')}`
        : second !== undefined || tail !== undefined
          ? `are too many; give one of ${shells.join(', ')}`
          : `is ${quote(shell)}, expected one of ${shells.join(', ')}`;
    if (problems.length > 0 || shell === undefined || !isShell(shell) || second !== undefined || tail !== undefined)
      throw reportUsage(problems.length > 0 ? problems : [{ where: 'SHELL', what }]);
    print(completionScripts[shell]);
    return 0;
  },
};
