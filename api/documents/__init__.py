"""Documents that follow from the OpenAPI document: a Postman collection and a notebook. No route uses this package."""
