// SPDX-License-Identifier: MIT
// Numbers in the words of the terminal. What is not known says so; it is never 0.

export function lag(ms) {
  if (ms === null || ms === undefined) return "unknown";
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60000)} min ${Math.round((ms % 60000) / 1000)} s`;
}

export const rate = (perSecond) => (perSecond === null || perSecond === undefined ? "unknown" : `${perSecond.toFixed(perSecond < 10 ? 1 : 0)} /s`);

export const writes = (isOpen) => (isOpen === null || isOpen === undefined ? "unknown" : isOpen ? "open" : "closed");

export const count = (number) => number.toLocaleString("en");

export const clock = (at) => new Date(at).toLocaleTimeString("en-GB", { timeZone: "UTC" });

export const sideTitle = (side) => (side ? side.toUpperCase() : "");
