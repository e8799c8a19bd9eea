// Shows the API's operations on /docs/, to try out with a token.
SwaggerUIBundle({
  url: document.currentScript.dataset.schema,
  dom_id: "#swagger-ui",
  deepLinking: true,
  persistAuthorization: false,
});
