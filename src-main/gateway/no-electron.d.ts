/** The gateway runs without Electron: an import of it from this folder resolves here, to nothing. */
export {};
