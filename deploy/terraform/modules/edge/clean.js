// Before a member's own request goes to the origin: what only a proxy may say is dropped, and the
// reader's country is CloudFront's word. X-Forwarded-For stays: CloudFront appends to it and the
// site believes only what stands right of its own network.
function handler(event) {
  var h = event.request.headers;
  ['forwarded', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto', 'x-country'].forEach(function (name) {
    delete h[name];
  });
  if (h['cloudfront-viewer-country']) {
    h['x-country'] = { value: h['cloudfront-viewer-country'].value };
  }
  return event.request;
}
