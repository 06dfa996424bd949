import type { App, Session, WebContents } from 'electron';

/** No page of any session gets a permission, a device, a webview or, unless its maker allows it, a second window. */
export function harden(app: App): void {
  app.on('session-created', denyPermissions);
  app.on('web-contents-created', (_event, contents) => denyEscapes(contents));
}

function denyPermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}));
}

function denyEscapes(contents: WebContents): void {
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
}
