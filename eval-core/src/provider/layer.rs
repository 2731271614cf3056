//! Decorators of providers.

use crate::Provider;

/// Settings that turn a provider into a decorated one.
///
/// `RetryLayer` has the settings only; `Retry<P>` owns the inner provider and is one itself.
pub trait Layer<P> {
    /// The decorated provider.
    type Provider: Provider;

    /// Wraps a provider.
    fn layer(&self, inner: P) -> Self::Provider;
}

/// What every provider can do.
pub trait ProviderExt: Provider + Sized {
    /// Puts a layer around this provider. The last layer added is the outermost: it sees a request first.
    ///
    /// ```
    /// use eval_core::{Completion, Layer, Provider, ProviderError, ProviderExt, Request, Scripted, async_trait};
    ///
    /// struct Prefix(&'static str);
    /// struct Prefixed<P>(&'static str, P);
    ///
    /// impl<P: Provider> Layer<P> for Prefix {
    ///     type Provider = Prefixed<P>;
    ///     fn layer(&self, inner: P) -> Prefixed<P> { Prefixed(self.0, inner) }
    /// }
    /// #[async_trait]
    /// impl<P: Provider> Provider for Prefixed<P> {
    ///     fn name(&self) -> &str { self.1.name() }
    ///     async fn complete(&self, request: &Request) -> Result<Completion, ProviderError> {
    ///         let inner = self.1.complete(request).await?;
    ///         Ok(Completion::new(format!("{}{}", self.0, inner.text)))
    ///     }
    /// }
    ///
    /// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
    /// let provider = Scripted::always("x").layer(Prefix("inner ")).layer(Prefix("outer "));
    /// let answer = provider.complete(&Request::new("any", vec![])).await.unwrap();
    /// assert_eq!(answer.text, "outer inner x");
    /// # });
    /// ```
    fn layer<L: Layer<Self>>(self, layer: L) -> L::Provider {
        layer.layer(self)
    }
}

impl<P: Provider + Sized> ProviderExt for P {}
