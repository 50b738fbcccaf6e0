/** Characters. What is shorter is nobody's token, and may stand anywhere by chance. */
export const shortestToken = 16;
