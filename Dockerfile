# Not tried: no image could be built where this was written. The commands in it were, on their own.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
# Writes Wolverine's code with a Debug build first, then compiles it in: the result carries no compiler.
RUN dotnet publish src/Host -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
# The image's own default of port 8080 would only be reported as overridden.
ENV ASPNETCORE_ENVIRONMENT=Production ASPNETCORE_HTTP_PORTS="" PORT=3000
USER $APP_UID
EXPOSE 3000
# There is no curl in the image, and bash can ask by itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["dotnet", "TicMate.Host.dll"]
