// The colours of all pictures. Each fill goes with ink on it at 7:1 or better; tools/test checks that.
export const INK = '#14171c';
export const QUIET = '#3f4753';
export const PAPER = '#ffffff';
export const PANEL = '#f3f5f8';
export const HOLE = '#c3c8d0';
export const ACCENT = '#0b4f9e';
export const WRONG = '#9b1c1c';
export const WRONG_FILL = '#ffd9d6';
export const RIGHT_FILL = '#d6f0d9';

/** Fills that are told apart by neighbours; text and position say the same, so colour is never alone. */
export const FILLS = ['#cfe3ff', '#ffe0b8', '#d3f0d0', '#ead6ff', '#f3ecb6', '#c9f0ee', '#ffd3e4', '#dfe3ea'];
